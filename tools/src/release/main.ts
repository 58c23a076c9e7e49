import { execFile, execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { contractBreaks } from '../contracts/contract-breaks.js';
import { lastReleasedApi } from '../contracts/released-api.js';
import {
  asMarkdown,
  changelogSection,
  editedMigrations,
  type Item,
  type LockFile,
  refusedLicences,
  summaryOf,
  type TestResults,
} from './checklist.js';

const HELP = `Fills in the checklist of a release and prints it as Markdown. Exit code 0 only if everything is checked.

  npm run release:check [-- options]

  --tag TAG         the tag of the release; it must be v and the version of package.json
  --results DIR     the results of the suites: files that Jest has written with --json, as .ci/run does with ROOST_RESULTS
  --digests JSON    the published images: {"bookings":"sha256:…"}
  --output FILE     write the checklist there as well
  --notes FILE      write the release notes: the section of CHANGELOG.md, and the commits
  --help            print this help

docs/release.md describes a release.`;

const LICENCE_EXCEPTIONS = {
  '@img/sharp-': 'libvips is LGPL: it is loaded as a library of its own, which anyone can replace',
  'passport-strategy': 'MIT by its LICENSE file; its package.json does not say so',
};

const root = fileURLToPath(new URL('../../../', import.meta.url));
const run = promisify(execFile);
const read = (file: string) => readFileSync(join(root, file), 'utf8');
const git = (...args: string[]) => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();

const { values } = parseArgs({
  options: {
    tag: { type: 'string' },
    results: { type: 'string' },
    digests: { type: 'string' },
    output: { type: 'string' },
    notes: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
const { version } = JSON.parse(read('package.json')) as { version: string };
if (values.help) console.log(HELP);
else {
  const items: Item[] = [];
  for (const [name, check] of Object.entries(CHECKS())) {
    console.error(`  ${name}`);
    const found = await check();
    items.push(...(Array.isArray(found) ? found : [{ name, ...found }]));
  }
  const checklist = asMarkdown(version, git('rev-parse', 'HEAD'), items);
  console.log(checklist);
  if (values.output) writeFileSync(values.output, checklist);
  if (values.notes) writeFileSync(values.notes, notes());
  if (items.some(({ passed }) => passed !== true)) process.exitCode = 1;
}

type Result = Omit<Item, 'name'>;

function CHECKS(): Record<string, () => Promise<Result | Item[]> | Result | Item[]> {
  return {
    Version: checkVersion,
    'No uncommitted change': () => {
      const changes = git('status', '--porcelain');
      return { passed: changes === '', detail: changes ? `${changes.split('\n').length} files` : 'none' };
    },
    Changelog: checkChangelog,
    'Contracts compatible': async () => {
      const { version: released, events, api, accepted } = await contractBreaks();
      const breaks = [...events, ...api];
      return {
        passed: breaks.length === 0,
        detail: breaks[0] ?? `with ${released}, except for ${accepted} accepted changes`,
      };
    },
    'Contracts stored': () => {
      const passed =
        existsSync(join(root, `libs/contracts/released/${version}.json`)) &&
        lastReleasedApi().version === version;
      return { passed, detail: passed ? version : 'npm run contracts:release' };
    },
    'Migrations unedited': checkMigrations,
    'Generated pages': () => npm('docs', '--', '--check'),
    'Commit subjects': () => npm('check:commits'),
    'No secret in the history': () => npm('scan:secrets'),
    'Workflows and scripts': () => npm('lint:workflows'),
    'Licences of dependencies': () => {
      const refused = refusedLicences(JSON.parse(read('package-lock.json')) as LockFile, LICENCE_EXCEPTIONS);
      return { passed: refused.length === 0, detail: refused.join(', ') || 'all allowed' };
    },
    'Known vulnerabilities': checkAudit,
    Tests: checkTests,
    Images: checkImages,
  };
}

function checkVersion(): Result {
  const gateway = /version: '([^']+)'/.exec(read('apps/gateway/src/routes/release.ts'))?.[1];
  const tags = git('tag', '--list', `v${version}`);
  const atTag = tags && git('rev-list', '-n', '1', `v${version}`) !== git('rev-parse', 'HEAD');
  if (values.tag && values.tag !== `v${version}`)
    return { passed: false, detail: `package.json has ${version}, the tag is ${values.tag}` };
  if (gateway !== version)
    return { passed: false, detail: `package.json has ${version}, the OpenAPI document ${gateway}` };
  if (atTag) return { passed: false, detail: `v${version} is the tag of another commit` };
  return { passed: true, detail: version };
}

function checkChangelog(): Result {
  const changelog = read('CHANGELOG.md');
  if (!changelogSection(changelog, version))
    return { passed: false, detail: `CHANGELOG.md has no section ${version}` };
  const left = changelogSection(changelog, 'Unreleased');
  return left
    ? { passed: false, detail: `CHANGELOG.md lists changes as unreleased: move them to ${version}` }
    : { passed: true, detail: `section ${version}` };
}

/** A migration that installations have applied must not change: they would not apply it again. */
function checkMigrations(): Result {
  const from = lastRelease();
  const edited = editedMigrations(git('diff', '--name-status', from, 'HEAD', '--', 'apps/*/migrations'));
  return { passed: edited.length === 0, detail: edited.join(', ') || `since ${from.slice(0, 12)}` };
}

/** The tag before this version, or the commit that stored the contracts of the last release. */
function lastRelease(): string {
  const tags = git('tag', '--list', 'v*', '--sort=-version:refname', '--merged', 'HEAD').split('\n');
  const before = tags.find((tag) => tag !== '' && tag !== `v${version}`);
  if (before) return before;
  const stored = readdirSync(join(root, 'libs/contracts/released'))
    .filter((file) => file !== `${version}.json` || lastReleasedApi().version === version)
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
    .at(-1);
  return git('log', '-1', '--format=%H', '--', `libs/contracts/released/${stored}`);
}

/** Runs a script of package.json. The detail is its last line. */
async function npm(...args: string[]): Promise<Result> {
  const last = (text: string) => text.trim().split('\n').at(-1) ?? '';
  try {
    const { stdout } = await run('npm', ['run', '--silent', ...args], { cwd: root, maxBuffer: 1e8 });
    return { passed: true, detail: last(stdout) };
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    return { passed: false, detail: last(stderr) || last(stdout) || `npm run ${args[0]} failed` };
  }
}

async function checkAudit(): Promise<Result> {
  const args = ['audit', '--omit=dev', '--json'];
  const { stdout } = await run('npm', args, { cwd: root, maxBuffer: 1e8 }).catch(
    (error: { stdout?: string }) => ({ stdout: error.stdout ?? '' }),
  );
  try {
    const { metadata } = JSON.parse(stdout) as { metadata: { vulnerabilities: Record<string, number> } };
    const { high = 0, critical = 0, moderate = 0, low = 0 } = metadata.vulnerabilities;
    const detail = `${critical} critical, ${high} high, ${moderate} moderate, ${low} low`;
    return { passed: critical + high === 0, detail };
  } catch {
    return { passed: null, detail: 'the registry has no advisories: run npm audit where it has' };
  }
}

function checkTests(): Item[] {
  const folder = values.results;
  const files = folder && existsSync(folder) ? readdirSync(folder).filter((it) => it.endsWith('.json')) : [];
  const missing = ['test', 'test-faults'].filter((suite) => !files.includes(`${suite}.json`));
  return [
    ...files.map((file) => {
      const results = JSON.parse(readFileSync(join(folder ?? '', file), 'utf8')) as TestResults;
      return summaryOf(file.slice(0, -'.json'.length), results);
    }),
    ...missing.map((suite) => ({
      name: `Tests: ${suite}`,
      passed: null,
      detail: 'no results: pass them with --results',
    })),
  ];
}

function checkImages(): Result {
  if (!values.digests) return { passed: null, detail: 'no digests: pass them with --digests' };
  const digests = JSON.parse(values.digests) as Record<string, string>;
  const names = ['identity', 'listings', 'bookings', 'payments', 'reviews', 'gateway', 'cli'];
  const missing = names.filter((name) => !/^sha256:[\da-f]{64}$/.test(digests[name] ?? ''));
  return {
    passed: missing.length === 0,
    detail: missing.length === 0 ? `${names.length} images` : `missing: ${missing.join(', ')}`,
  };
}

function notes(): string {
  const section = changelogSection(read('CHANGELOG.md'), version) ?? '';
  const commits = git('log', '--no-merges', '--format=- %s (%h)', `${lastRelease()}..HEAD`);
  return `${section}\n\n<details><summary>Commits</summary>\n\n${commits}\n\n</details>\n`;
}
