/** One line of the checklist. `null`: it was not checked, which is no success either. */
export interface Item {
  name: string;
  passed: boolean | null;
  detail: string;
}

/** The text of a version in a changelog, without its heading; null if it has none. */
export function changelogSection(changelog: string, version: string): string | null {
  const [, ...sections] = changelog.split(/^## /m);
  const section = sections.find((text) => /^\[?([^\]\s]+)/.exec(text)?.[1] === version);
  if (section === undefined) return null;
  return section.slice(section.indexOf('\n') + 1).trim();
}

const ALLOWED_LICENCES = new Set([
  ...['MIT', 'MIT-0', 'ISC', '0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'BlueOak-1.0.0'],
  ...['CC0-1.0', 'CC-BY-4.0', 'Unlicense', 'Python-2.0', 'WTFPL', 'Zlib'],
]);

export interface LockFile {
  packages: Record<string, { license?: string; dev?: boolean; link?: boolean; version?: string }>;
}

/** Packages in use whose licence is not allowed, or not known. `exceptions`: starts of names, and why they are allowed. */
export function refusedLicences(
  { packages }: LockFile,
  exceptions: Readonly<Record<string, string>> = {},
): string[] {
  return Object.entries(packages).flatMap(([path, { license, dev, link, version }]) => {
    const name = path.replace(/^.*node_modules\//, '');
    if (!path.includes('node_modules/') || dev || link) return [];
    if (Object.keys(exceptions).some((start) => name.startsWith(start))) return [];
    return license && isAllowed(license) ? [] : [`${name}@${version}: ${license ?? 'no licence'}`];
  });
}

/** `MIT OR GPL-3.0` is allowed, `MIT AND GPL-3.0` is not. */
function isAllowed(expression: string): boolean {
  return expression
    .replaceAll(/[()]/g, '')
    .split(' OR ')
    .some((choice) => choice.split(' AND ').every((licence) => ALLOWED_LICENCES.has(licence.trim())));
}

/** The lines of `git diff --name-status` that are no new files. */
export function editedMigrations(nameStatus: string): string[] {
  return nameStatus.split('\n').flatMap((line) => {
    const [status = '', ...files] = line.split('\t');
    return files.length === 0 || status === 'A' ? [] : [files.at(-1) ?? ''];
  });
}

/** What Jest writes with --json. */
export interface TestResults {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numRuntimeErrorTestSuites: number;
  numTotalTestSuites: number;
  testResults: { name: string; startTime: number; endTime: number }[];
}

export function summaryOf(name: string, results: TestResults): Item & { slowest: string[] } {
  const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
  const seconds = ({ startTime, endTime }: TestResults['testResults'][number]) =>
    Math.round((endTime - startTime) / 1000);
  return {
    name: `Tests: ${name}`,
    passed: failed === 0 && results.numPendingTests === 0 && results.numPassedTests > 0,
    detail: `${results.numPassedTests} passed, ${failed} failed, ${results.numPendingTests} skipped in ${results.numTotalTestSuites} files`,
    slowest: results.testResults
      .toSorted((a, b) => seconds(b) - seconds(a))
      .slice(0, 3)
      .map((file) => `${file.name} (${seconds(file)} s)`),
  };
}

const MARK = new Map([
  [true, '✔'],
  [false, '✘'],
  [null, '–'],
]);

export function asMarkdown(version: string, commit: string, items: readonly Item[]): string {
  const rows = items.map(
    ({ name, passed, detail }) => `| ${MARK.get(passed)} | ${name} | ${detail.replaceAll('|', '\\|')} |`,
  );
  const open = items.filter(({ passed }) => passed !== true);
  const end =
    open.length === 0
      ? 'Everything is checked: this version can be released.'
      : `Not ready: ${open.map(({ name }) => name).join(', ')}.`;
  return `# Release checklist of ${version}\n\nCommit ${commit}.\n\n|   | what | result |\n| - | ---- | ------ |\n${rows.join('\n')}\n\n${end}\n`;
}
