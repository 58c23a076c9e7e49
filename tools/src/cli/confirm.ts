import { createInterface } from 'node:readline/promises';
import { Refusal } from './command.js';

export const CONFIRMED = { yes: { type: 'boolean', description: 'do not ask' } } as const;

/** Goes on when the operator says yes, on the terminal or by --yes; `what` is a sentence without its full stop. */
export async function confirm(what: string, options: Record<string, unknown>): Promise<void> {
  if (options.yes === true) return;
  if (!process.stdin.isTTY) throw new Refusal(`${what}: add --yes to say that you mean it.`);
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await lines.question(`${what}. Go on? (yes/no) `);
  lines.close();
  if (!/^y(es)?$/i.test(answer.trim())) throw new Refusal('Nothing has been touched.');
}
