import { execFileSync } from 'node:child_process';
import { chownSync, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { EmbeddedError } from './embedded-error.js';

/**
 * PostgreSQL does not run as root. There are two ways to start it from a root shell. Both also work below a folder that
 * only root may enter:
 * - a user namespace in which root is called user 1000 (its files stay root's on disk),
 * - user 65534 with the capability to bypass file permissions (containers often forbid namespaces).
 */
export interface RunAs {
  /** Words before the command. */
  prefix: string[];
  /** The user id that must own the data; null if the owner does not matter. */
  owner: number | null;
}

const NOBODY = 65534;
const dac = '+dac_override';

const WAYS: RunAs[] = [
  { prefix: ['unshare', '--user', '--map-user=1000', '--'], owner: 0 },
  {
    prefix: [
      'setpriv',
      `--reuid=${NOBODY}`,
      `--regid=${NOBODY}`,
      '--clear-groups',
      `--inh-caps=${dac}`,
      `--ambient-caps=${dac}`,
      '--',
    ],
    owner: NOBODY,
  },
];

export function findRunAs(program: string, folder: string): RunAs {
  if (process.getuid?.() !== 0) return { prefix: [], owner: null };
  for (const way of WAYS) {
    try {
      for (const probe of [
        [program, '--version'],
        // Not `test -x`, which checks the real user and ignores capabilities.
        ['stat', join(folder, '.')],
      ]) {
        const [command = '', ...args] = [...way.prefix, ...probe];
        execFileSync(command, args, { stdio: 'ignore', timeout: 10_000 });
      }
      return way;
    } catch {
      continue;
    }
  }
  throw new EmbeddedError(
    'PostgreSQL does not run as root, and neither unshare --user nor setpriv works on this machine: run Roost as an ordinary user.',
  );
}

/** Changes the owner of a file, or of a folder and everything below it. */
export function changeOwner(path: string, uid: number): void {
  const status = lstatSync(path);
  if (status.isSymbolicLink()) return;
  if (status.uid !== uid) chownSync(path, uid, uid);
  if (!status.isDirectory()) return;
  for (const name of readdirSync(path)) changeOwner(join(path, name), uid);
}
