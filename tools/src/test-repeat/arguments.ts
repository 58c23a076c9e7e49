export const HELP = `Runs specs several times and prints which tests failed, and how often.

  npm run test:repeat -- N [PATTERN…] [JEST OPTIONS…]

  N         how often, from 1 to 1000
  PATTERN   part of the path of spec files, as for "npm test"; without one, every spec

  npm run test:repeat -- 10 apps/payments/test/crash
  npm run test:repeat -- 20 libs/messaging -t 'keeps the order'

Everything after N is passed to Jest. The exit code is 1 if a test has failed in any run.`;

const MAX_TIMES = 1000;

export type RepeatRequest =
  | { times: number; jestArguments: readonly string[] }
  /** Print this and exit. */
  | { text: string; exitCode: number };

export function readArguments(args: readonly string[]): RepeatRequest {
  const [first, ...jestArguments] = args;
  if (first === '--help' || first === '-h') return { text: HELP, exitCode: 0 };
  if (first === undefined || !/^\d{1,4}$/.test(first) || Number(first) < 1 || Number(first) > MAX_TIMES) {
    const given = first === undefined ? 'There is no number of runs' : `"${first}" is not a number of runs`;
    return {
      text: `${given}: give a whole number from 1 to ${MAX_TIMES} first (see npm run test:repeat -- --help)`,
      exitCode: 2,
    };
  }
  return { times: Number(first), jestArguments };
}
