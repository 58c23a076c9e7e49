import {
  asMarkdown,
  changelogSection,
  editedMigrations,
  type LockFile,
  refusedLicences,
  summaryOf,
  type TestResults,
} from './checklist.js';

const CHANGELOG = `# Changelog

## Unreleased

## 0.2.0 - 2027-01-31

### Added

- A.

## 0.1.0

The first version.
`;

test.each([
  ['0.2.0', '### Added\n\n- A.'],
  ['0.1.0', 'The first version.'],
  ['Unreleased', ''],
  ['0.2', null],
])('reads the section of %s', (version, text) => {
  expect(changelogSection(CHANGELOG, version)).toBe(text);
});

test('refuses licences in use that are not allowed or not known', () => {
  const lock: LockFile = {
    packages: {
      '': { license: 'MIT' },
      'libs/money': { license: 'none' },
      'node_modules/a': { version: '1.0.0', license: 'MIT' },
      'node_modules/b': { version: '1.0.0', license: '(GPL-3.0 OR MIT)' },
      'node_modules/c': { version: '1.0.0', license: 'MIT AND GPL-3.0' },
      'node_modules/a/node_modules/d': { version: '2.0.0' },
      'node_modules/e': { version: '1.0.0', license: 'AGPL-3.0', dev: true },
      'node_modules/f': { version: '1.0.0', license: 'LGPL-3.0-or-later' },
    },
  };
  expect(refusedLicences(lock, { f: 'loaded, not linked' })).toEqual([
    'c@1.0.0: MIT AND GPL-3.0',
    'd@2.0.0: no licence',
  ]);
});

test('finds changed, renamed and deleted migrations', () => {
  const diff = 'A\tm/0003.ts\nM\tm/0001.ts\nR100\tm/0002.ts\tm/0002b.ts\nD\tm/0000.ts\n';
  expect(editedMigrations(diff)).toEqual(['m/0001.ts', 'm/0002b.ts', 'm/0000.ts']);
});

const results = (change: Partial<TestResults>): TestResults => ({
  numPassedTests: 3,
  numFailedTests: 0,
  numPendingTests: 0,
  numRuntimeErrorTestSuites: 0,
  numTotalTestSuites: 1,
  testResults: [{ name: 'a.spec.ts', startTime: 0, endTime: 4000 }],
  ...change,
});
test.each<[string, Partial<TestResults>, boolean]>([
  ['all passed', {}, true],
  ['one failed', { numFailedTests: 1 }, false],
  ['a file did not load', { numRuntimeErrorTestSuites: 1 }, false],
  ['one was skipped', { numPendingTests: 1 }, false],
  ['none ran', { numPassedTests: 0 }, false],
])('judges results: %s', (_, change, passed) => {
  expect(summaryOf('test', results(change))).toMatchObject({ passed, slowest: ['a.spec.ts (4 s)'] });
});

test('an item that was not checked is no success', () => {
  const items = [
    { name: 'Secrets', passed: true, detail: 'none' },
    { name: 'Images', passed: null, detail: 'no digests' },
  ];
  expect(asMarkdown('0.2.0', 'abc', items)).toContain('| – | Images | no digests |\n\nNot ready: Images.');
  expect(asMarkdown('0.2.0', 'abc', items.slice(0, 1))).toContain('can be released');
});
