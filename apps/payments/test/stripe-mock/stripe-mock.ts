import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { goFile, goProgram } from '@roost/testing';

const LISTENING = /^Listening for HTTP at address: .*:(\d+)$/;

/** Stripe's OpenAPI document of the same version. */
export const openApi = () =>
  JSON.parse(readFileSync(goFile('stripe-openapi.json'), 'utf8')) as { components: { schemas: Schemas } };
export type Schemas = Record<string, object>;

/** Starts stripe-mock. It checks every request against the document, and has no state. */
export async function startStripeMock(): Promise<{ url: string; stop: () => Promise<void> }> {
  const child = spawn(goProgram('stripe-mock'), ['-http-addr', '127.0.0.1:'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const port = await listeningPort(child);
  return {
    url: `http://127.0.0.1:${port}`,
    stop: async () => {
      const ended = once(child, 'exit');
      child.kill();
      await ended;
    },
  };
}

function listeningPort(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`stripe-mock ended with exit code ${code}`)));
    if (!child.stdout) throw new Error('stripe-mock has no output');
    createInterface({ input: child.stdout }).on('line', (line) => {
      const port = LISTENING.exec(line)?.[1];
      if (port !== undefined) resolve(Number(port));
    });
  });
}
