import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

/** Fetched when it is needed: as a dependency, it would add 140 packages to every installation. */
const NEWMAN = 'newman@6.2.2';

const HELP = `Runs docs/api-collection/roost.postman_collection.json with ${NEWMAN} against a running Roost with demo accounts: the
walk to a paid booking and the check of the books, then every read. Each response must have the status that the OpenAPI document
declares.

  npm run api:smoke [-- options]

  --url URL   the address of Roost (default http://localhost:3000)
  --help      print this help`;

const root = fileURLToPath(new URL('../../../', import.meta.url));
const { values } = parseArgs({
  options: {
    url: { type: 'string', default: 'http://localhost:3000' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) console.log(HELP);
else {
  const options = ['--folder', 'Walk', '--folder', 'Reads', '--bail', 'folder', '--color', 'off'];
  const { status } = spawnSync(
    'npm',
    [
      ...['exec', '--yes', `--package=${NEWMAN}`, '--', 'newman', 'run'],
      ...['docs/api-collection/roost.postman_collection.json', '--env-var', `url=${values.url}`, ...options],
    ],
    { cwd: root, stdio: 'inherit' },
  );
  process.exitCode = status ?? 1;
}
