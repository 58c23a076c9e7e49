import { once } from 'node:events';
import { rmSync } from 'node:fs';

export default async function stopParts() {
  const { child, folder } = globalThis.roostTestParts;
  const exit = child.exitCode === null ? once(child, 'exit') : undefined;
  child.stdin.end();
  await exit;
  rmSync(folder, { recursive: true, force: true });
}
