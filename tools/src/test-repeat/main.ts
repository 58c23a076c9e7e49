import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readArguments } from './arguments.js';
import { type JestReport, summaryOf } from './summary.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** Runs the specs once. Null if Jest wrote no report, for example after a crash. */
async function runOnce(args: readonly string[], reportFile: string): Promise<JestReport | null> {
  const child = spawn(
    process.execPath,
    [
      ...['--conditions=@roost/source', '--disable-warning=TimeoutNegativeWarning'],
      ...['--import', join(root, 'tools/register.js'), join(root, 'node_modules/jest/bin/jest.js')],
      ...['--ci', '--silent', '--json', `--outputFile=${reportFile}`, ...args],
    ],
    { cwd: root, stdio: 'ignore' },
  );
  await new Promise((resolve) => child.once('close', resolve));
  try {
    return JSON.parse(readFileSync(reportFile, 'utf8')) as JestReport;
  } catch {
    return null;
  }
}

const request = readArguments(process.argv.slice(2));
if ('text' in request) {
  console[request.exitCode === 0 ? 'log' : 'error'](request.text);
  process.exit(request.exitCode);
}
const folder = mkdtempSync(join(tmpdir(), 'roost-test-repeat-'));
const reports: (JestReport | null)[] = [];
try {
  for (let run = 1; run <= request.times; run += 1) {
    const started = performance.now();
    const report = await runOnce(request.jestArguments, join(folder, `${run}.json`));
    reports.push(report);
    const seconds = ((performance.now() - started) / 1000).toFixed(0);
    const outcome = report
      ? `${report.numPassedTests} passed, ${report.numFailedTests + report.numRuntimeErrorTestSuites} failed`
      : 'Jest did not finish';
    console.log(`run ${run} of ${request.times}: ${outcome} (${seconds} s)`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
const { text, failed } = summaryOf(reports);
console.log(`\n${text}`);
process.exitCode = failed ? 1 : 0;
