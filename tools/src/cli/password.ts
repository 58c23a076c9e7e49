import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { Refusal } from './command.js';

/** Asked for twice on a terminal, unseen; else the first line of standard input. Never an argument: those are for all to read. */
export async function readPassword(): Promise<string> {
  if (!process.stdin.isTTY) return firstLine();
  const password = await askUnseen('Password: ');
  if ((await askUnseen('Once more: ')) !== password) throw new Refusal('The two passwords differ.');
  return password;
}

async function firstLine(): Promise<string> {
  const lines = createInterface({ input: process.stdin });
  for await (const line of lines) {
    lines.close();
    return line;
  }
  throw new Refusal(
    'No password came: give it as the first line of standard input, or run this on a terminal.',
  );
}

async function askUnseen(question: string): Promise<string> {
  process.stderr.write(question);
  const unseen = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: unseen, terminal: true });
  try {
    return await lines.question('');
  } finally {
    lines.close();
    process.stderr.write('\n');
  }
}
