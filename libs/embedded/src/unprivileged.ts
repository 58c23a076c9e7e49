import { execFileSync } from 'node:child_process';
import { chownSync, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { EmbeddedError } from './embedded-error.js';

/**
 * PostgreSQL refuses to run as root. Two ways to start it from a root shell, both of which also work below a
 * folder that only root may enter:
 * - a user namespace in which root is called user 1000 (its files stay root's on disk),
 * - user 65534 with the one capability of passing file permissions (containers often forbid namespaces).
 */
export interface Guise {
  /** Put before the command. */
  prefix: string[];
  /** Who must own the data on disk; null: as it is. */
  owner: number | null;
}

const NOBODY = 65534;
const dac = '+dac_override';

const WAYS: Guise[] = [
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

export function guiseFor(program: string, folder: string): Guise {
  if (process.getuid?.() !== 0) return { prefix: [], owner: null };
  for (const way of WAYS) {
    try {
      for (const probe of [
        [program, '--version'],
        // Not `test -x`: that asks on behalf of the real user and leaves capabilities out of account.
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
    'PostgreSQL refuses to run as root, and this machine lets root step down in neither way that Roost knows (unshare --user, setpriv): run Roost as an ordinary user.',
  );
}

/** Hands a file, or a folder and all below it, to a user. */
export function own(path: string, uid: number): void {
  const status = lstatSync(path);
  if (status.isSymbolicLink()) return;
  if (status.uid !== uid) chownSync(path, uid, uid);
  if (!status.isDirectory()) return;
  for (const name of readdirSync(path)) own(join(path, name), uid);
}
