import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** Stripe's own mock server and OpenAPI document. A newer version may need a newer Go: this one needs 1.22. */
const MODULE = 'github.com/stripe/stripe-mock@v0.203.0';
const FOLDER = join(
  process.env.XDG_CACHE_HOME?.trim() || join(homedir(), '.cache'),
  'roost',
  MODULE.split('/').at(-1) ?? '',
);
const PROGRAM = join(FOLDER, 'stripe-mock');
const DOCUMENT = join(FOLDER, 'openapi.json');
const BUILT_WITHIN_MS = 300_000;
const LISTENING = /^Listening for HTTP at address: .*:(\d+)$/;

export const INSTALL = 'npm run stripe-mock';

export const isInstalled = () => existsSync(PROGRAM) && existsSync(DOCUMENT);

/** Builds stripe-mock from the Go module proxy, once per user. */
export function install(log: (line: string) => void): void {
  if (isInstalled()) {
    log(`stripe-mock is in ${FOLDER}`);
    return;
  }
  log(`building ${MODULE} with Go (once)`);
  const go = (args: string[], env: Record<string, string> = {}) =>
    execFileSync('go', args, {
      cwd: unfinished,
      env: { ...process.env, GOFLAGS: '-mod=mod', ...env },
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
      timeout: BUILT_WITHIN_MS,
    });
  mkdirSync(join(FOLDER, '..'), { recursive: true });
  const unfinished = mkdtempSync(`${FOLDER}-`);
  try {
    go(['install', MODULE], { GOBIN: unfinished });
    const { Dir: source } = JSON.parse(go(['mod', 'download', '-json', MODULE])) as { Dir: string };
    copyFileSync(join(source, 'embedded/openapi/spec3.json'), join(unfinished, 'openapi.json'));
    rmSync(FOLDER, { recursive: true, force: true });
    renameSync(unfinished, FOLDER);
    log(`stripe-mock is in ${FOLDER}`);
  } catch (error) {
    throw new Error('stripe-mock could not be built: it needs Go 1.22 or later and a Go module proxy', {
      cause: error,
    });
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}

/** Stripe's OpenAPI document of the same version. */
export const openApi = () =>
  JSON.parse(readFileSync(DOCUMENT, 'utf8')) as { components: { schemas: Schemas } };
export type Schemas = Record<string, object>;

/** Starts stripe-mock. It checks every request against the document, and has no state. */
export async function startStripeMock(): Promise<{ url: string; stop: () => Promise<void> }> {
  const child = spawn(PROGRAM, ['-http-addr', '127.0.0.1:'], { stdio: ['ignore', 'pipe', 'inherit'] });
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
