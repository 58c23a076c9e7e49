import { HELP, readArguments } from './arguments.js';
import { type JestReport, summaryOf } from './summary.js';

const report = (results: Record<string, 'passed' | 'failed'>, status?: 'failed'): JestReport => {
  const statuses = Object.values(results);
  return {
    numTotalTests: statuses.length,
    numPassedTests: statuses.filter((one) => one === 'passed').length,
    numFailedTests: statuses.filter((one) => one === 'failed').length,
    numRuntimeErrorTestSuites: status ? 1 : 0,
    testResults: [
      {
        name: '/repo/a.spec.ts',
        status: status ?? (statuses.includes('failed') ? 'failed' : 'passed'),
        message: status ? '\n  SyntaxError: x\n at y' : '',
        assertionResults: Object.entries(results).map(([fullName, outcome]) => ({
          fullName,
          status: outcome,
          failureMessages: outcome === 'failed' ? ['\u001B[31mError: late\u001B[39m\n at z'] : [],
        })),
      },
    ],
  };
};

describe('the arguments', () => {
  test('are a number of runs and arguments of Jest', () => {
    expect(readArguments(['3', 'libs/stay', '-t', 'a'])).toEqual({
      times: 3,
      jestArguments: ['libs/stay', '-t', 'a'],
    });
  });

  test.each([['--help'], ['-h']])('%s prints the help', (option) => {
    expect(readArguments([option])).toEqual({ text: HELP, exitCode: 0 });
  });

  test.each([[[]], [['0']], [['1001']], [['libs/stay']], [['-1']], [['1.5']]])(
    '%j is rejected in one sentence',
    (args) => {
      expect(readArguments(args)).toEqual({
        text: expect.stringMatching(/^.*: give a whole number from 1 to 1000 first .*\)$/) as string,
        exitCode: 2,
      });
    },
  );
});

describe('the summary', () => {
  test('reports runs without failures', () => {
    expect(summaryOf([report({ a: 'passed' }), report({ a: 'passed' })])).toEqual({
      text: 'No failures in 2 runs.',
      failed: false,
    });
  });

  test('lists each failed test with its runs, the most frequent first', () => {
    const reports = [
      report({ rare: 'failed', frequent: 'failed' }),
      report({ rare: 'passed', frequent: 'failed' }),
      null,
    ];
    expect(summaryOf(reports, '/repo')).toEqual({
      text: [
        'Failures in 3 runs:',
        '',
        '  2×  a.spec.ts › frequent (run 1, 2)',
        '      Error: late',
        '  1×  a.spec.ts › rare (run 1)',
        '      Error: late',
        '  1×  (all) › Jest did not finish (run 3)',
      ].join('\n'),
      failed: true,
    });
  });

  test('lists a file that fails before its first test', () => {
    expect(summaryOf([report({}, 'failed')], '/repo').text).toBe(
      'Failures in 1 run:\n\n  1×  a.spec.ts › the file failed to run (run 1)\n      SyntaxError: x',
    );
  });

  test('fails if no test matches', () => {
    expect(summaryOf([{ ...report({}), testResults: [] }])).toEqual({
      text: 'No test matches.',
      failed: true,
    });
  });
});
