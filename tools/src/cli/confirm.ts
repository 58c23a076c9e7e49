import { createInterface } from 'node:readline/promises';
import { OperatorError } from './command.js';

export const CONFIRMED = { yes: { type: 'boolean', description: 'do not ask' } } as const;

/** Returns when the operator confirms, on the terminal or with --yes. `what` is a sentence without its full stop. */
export async function confirm(what: string, options: Record<string, unknown>): Promise<void> {
  if (options.yes === true) return;
  if (!process.stdin.isTTY) throw new OperatorError(`${what}: add --yes to confirm.`);
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await lines.question(`${what}. Continue? (yes/no) `);
  lines.close();
  if (!/^y(es)?$/i.test(answer.trim())) throw new OperatorError('Nothing was changed.');
}
