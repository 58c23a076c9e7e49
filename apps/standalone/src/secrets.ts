import { randomBytes } from 'node:crypto';
import { chmodSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StartError } from '@roost/platform/start';
import { z } from 'zod';

const secret = z.string().min(32);
const Secrets = z.object({ ENCRYPTION_KEY: secret, LOCATION_SECRET: secret, SANDBOX_WEBHOOK_SECRET: secret });
export type Secrets = z.output<typeof Secrets>;

/** The secrets of a data folder: generated once and stored beside the data, readable by this user only. */
export function secretsIn(dataDir: string): Secrets {
  const file = join(dataDir, 'secrets.json');
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return generate(file);
    throw new StartError(`Can't read ${file} (${(error as NodeJS.ErrnoException).code ?? 'unknown'}).`);
  }
  const parsed = Secrets.safeParse(json(text));
  if (!parsed.success) {
    throw new StartError(
      `${file} is damaged: what was encrypted with its keys can't be read without it; restore it, or move the data folder away to start empty.`,
    );
  }
  chmodSync(file, 0o600);
  return parsed.data;
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function generate(file: string): Secrets {
  const random = () => randomBytes(32).toString('base64url');
  const secrets = { ENCRYPTION_KEY: random(), LOCATION_SECRET: random(), SANDBOX_WEBHOOK_SECRET: random() };
  writeFileSync(`${file}.new`, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
  return secrets;
}
