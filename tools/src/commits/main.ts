import { execFileSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { subjectFault } from './subject.js';

const HELP = `Checks the subjects of commits: imperative, a capital letter, at most 72 characters, no full stop.

  npm run check:commits             every commit since this check exists
  npm run check:commits -- RANGE    such as origin/main..HEAD
  npm run check:commits -- --help   this text`;

const git = (...args: string[]) => execFileSync('git', args, { encoding: 'utf8' }).trim();

/** The rule holds from the commit that added this file; older subjects stay as they are. */
function defaultRange(): string {
  const added = git('log', '--diff-filter=A', '--format=%H', '--', 'tools/src/commits/main.ts')
    .split('\n')
    .at(-1);
  return added ? `${added}..HEAD` : 'HEAD';
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { help: { type: 'boolean', short: 'h', default: false } },
});
if (values.help) console.log(HELP);
else {
  const lines = git('log', '--format=%h %s', positionals[0] ?? defaultRange())
    .split('\n')
    .filter(Boolean);
  const faults = lines.flatMap((line) => {
    const [hash = '', ...words] = line.split(' ');
    const fault = subjectFault(words.join(' '));
    return fault === null ? [] : [`${hash} ${words.join(' ')}\n  ${fault}`];
  });
  if (faults.length > 0) {
    console.error(faults.join('\n'));
    process.exitCode = 1;
  } else console.log(`${lines.length} commit subjects are right.`);
}
