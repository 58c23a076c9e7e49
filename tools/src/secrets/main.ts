import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { goProgram } from '@roost/testing/go-program';

const HELP = `Searches for secrets with gitleaks: in every commit of the history, or in one of these.

  npm run scan:secrets [-- options]

  --staged         only what is staged for the next commit
  --archive FILE   only the layers of an image that "docker save" wrote
  --help           print this help

.gitleaks.toml lists what is no secret, each with its reason. Exits with 1 if anything else is found. The first run builds
gitleaks (it needs Go).`;

const root = fileURLToPath(new URL('../../../', import.meta.url));
const { values } = parseArgs({
  options: {
    staged: { type: 'boolean', default: false },
    archive: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) console.log(HELP);
else {
  const gitleaks = goProgram('gitleaks');
  const scan = (...args: string[]) =>
    spawnSync(gitleaks, [...args, '--redact', '--no-banner', '--verbose', '--exit-code=1'], {
      cwd: root,
      stdio: 'inherit',
    }).status;
  const { staged, archive } = values;
  const what = archive
    ? ['dir', '--max-archive-depth=3', archive]
    : ['git', ...(staged ? ['--staged'] : []), '.'];
  if (scan(...what) !== 0) {
    console.error(
      'gitleaks found what may be a secret. A real one: revoke it at once (docs/runbooks), then remove it. Otherwise list it in .gitleaks.toml with the reason.',
    );
    process.exitCode = 1;
  } else console.log('No secret was found.');
}
