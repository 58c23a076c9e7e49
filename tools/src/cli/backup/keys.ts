import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { OperatorError } from '../command.js';

const secret = z.string().min(32);
/** What the data can't be read without. No backup contains it. */
const Keys = z.object({
  ENCRYPTION_KEY: secret,
  LOCATION_SECRET: secret,
  SANDBOX_WEBHOOK_SECRET: secret.optional(),
});
export type Keys = z.output<typeof Keys>;

/** Those of the installation on a data folder: variables take precedence, as for its services. */
export function keysOf(dataDir: string): Keys {
  const file = join(dataDir, 'secrets.json');
  const stored = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>) : {};
  const given = Object.keys(Keys.shape).flatMap((name) => {
    const value = fromEnvironment(name);
    return value === null ? [] : [[name, value]];
  });
  return parse({ ...stored, ...Object.fromEntries(given) }, file);
}

export function readKeys(file: string): Keys {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new OperatorError(`Can't read ${file} (${(error as NodeJS.ErrnoException).code ?? 'unknown'}).`);
  }
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    throw new OperatorError(`${file} is not a file of "roost backup keys".`);
  }
  return parse(content, file);
}

export function writeKeys(file: string, keys: Keys): void {
  try {
    writeFileSync(file, `${JSON.stringify(keys, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    throw new OperatorError(`Can't write ${file} (${(error as NodeJS.ErrnoException).code ?? 'unknown'}).`);
  }
}

/** Tells two keys apart. A key is random, so its hash reveals nothing of it. */
export const keyCheck = ({ ENCRYPTION_KEY }: Keys): string =>
  createHash('sha256').update(`roost backup\n${ENCRYPTION_KEY}`).digest('hex').slice(0, 16);

function parse(content: unknown, file: string): Keys {
  const { data, error } = Keys.safeParse(content);
  if (data) return data;
  throw new OperatorError(`${file} has no valid ${String(error.issues[0]?.path.join('.'))}.`);
}

function fromEnvironment(name: string): string | null {
  const file = process.env[`${name}_FILE`]?.trim();
  if (file) return readFileSync(file, 'utf8').trim();
  return process.env[name]?.trim() || null;
}
