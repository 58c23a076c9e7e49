import { relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

/** The part of Jest's JSON report that the summary reads. */
export interface JestReport {
  numTotalTests: number;
  numPassedTests: number;
  numFailedTests: number;
  /** Spec files that failed before their first test. */
  numRuntimeErrorTestSuites: number;
  testResults: {
    name: string;
    status: string;
    message: string;
    assertionResults: { fullName: string; status: string; failureMessages: string[] }[];
  }[];
}

interface Failure {
  file: string;
  test: string;
  runs: number[];
  firstLine: string;
}

/** Lists every failed test with the runs in which it failed. Null stands for a run without a report. */
export function summaryOf(
  reports: readonly (JestReport | null)[],
  folder = process.cwd(),
): { text: string; failed: boolean } {
  const failures = new Map<string, Failure>();
  const add = (failure: Omit<Failure, 'runs'>, run: number) => {
    const key = `${failure.file} ${failure.test}`;
    const existing = failures.get(key) ?? { ...failure, runs: [] };
    existing.runs.push(run);
    failures.set(key, existing);
  };
  reports.forEach((report, index) => {
    const run = index + 1;
    if (report === null) {
      add({ file: '(all)', test: 'Jest did not finish', firstLine: '' }, run);
      return;
    }
    for (const { name, status, message, assertionResults } of report.testResults) {
      const file = relative(folder, name);
      const failed = assertionResults.filter((result) => result.status === 'failed');
      for (const { fullName, failureMessages } of failed) {
        add({ file, test: fullName, firstLine: firstLineOf(failureMessages[0] ?? '') }, run);
      }
      if (status === 'failed' && failed.length === 0) {
        add({ file, test: 'the file failed to run', firstLine: firstLineOf(message) }, run);
      }
    }
  });
  if (reports.every((report) => report?.numTotalTests === 0 && report.numRuntimeErrorTestSuites === 0)) {
    return { text: 'No test matches.', failed: true };
  }
  if (failures.size === 0) return { text: `No failures in ${runsText(reports.length)}.`, failed: false };
  const lines = [...failures.values()]
    .toSorted((a, b) => b.runs.length - a.runs.length)
    .map(
      ({ file, test, runs, firstLine }) =>
        `  ${runs.length}×  ${file} › ${test} (run ${runs.join(', ')})${firstLine && `\n      ${firstLine}`}`,
    );
  return { text: `Failures in ${runsText(reports.length)}:\n\n${lines.join('\n')}`, failed: true };
}

const runsText = (count: number) => (count === 1 ? '1 run' : `${count} runs`);

function firstLineOf(message: string): string {
  const lines = stripVTControlCharacters(message).split('\n');
  return lines.find((line) => line.trim() !== '')?.trim() ?? '';
}
