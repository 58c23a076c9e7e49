import { spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export default function startParts() {
  start([]);
}

/** Starts the servers of the run (see ../src/parts.main.ts) and passes the path of their addresses to the workers. */
export function start(more) {
  const folder = mkdtempSync(join(tmpdir(), 'roost-test-'));
  const answerFile = join(folder, 'parts.json');
  const main = new URL('../src/parts.main.ts', import.meta.url).pathname;
  const child = spawn(
    process.execPath,
    [
      '--conditions=@roost/source',
      '--disable-warning=TimeoutNegativeWarning',
      '--import',
      new URL('../../../tools/register.js', import.meta.url).href,
      main,
      answerFile,
      folder,
      ...more,
    ],
    { stdio: ['pipe', 'inherit', 'inherit'] },
  );
  process.env.ROOST_TEST_PARTS = answerFile;
  process.env.ROOST_TEST_JWT_KEY = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({
    format: 'pem',
    type: 'pkcs8',
  });
  globalThis.roostTestParts = { child, folder };
}
