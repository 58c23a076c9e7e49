import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { OperatorError } from './command.js';

/**
 * Reads a password twice from the terminal, without echo, or else from the first line of standard input. Never from an
 * argument: other users of the machine can read those.
 */
export async function readPassword(): Promise<string> {
  if (!process.stdin.isTTY) return firstLine();
  const password = await askWithoutEcho('Password: ');
  if ((await askWithoutEcho('Repeat the password: ')) !== password)
    throw new OperatorError('The two passwords differ.');
  return password;
}

async function firstLine(): Promise<string> {
  const lines = createInterface({ input: process.stdin });
  for await (const line of lines) {
    lines.close();
    return line;
  }
  throw new OperatorError(
    'There is no password: write it as the first line of standard input, or run the command on a terminal.',
  );
}

async function askWithoutEcho(question: string): Promise<string> {
  process.stderr.write(question);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: silent, terminal: true });
  try {
    return await lines.question('');
  } finally {
    lines.close();
    process.stderr.write('\n');
  }
}
