import { spawn } from 'node:child_process';
import { createPublicKey, type KeyObject, randomUUID, sign } from 'node:crypto';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { TestClient } from '@roost/testing';
import type { Database } from './difference.js';

export const root = new URL('../../../', import.meta.url);

/** The arguments of Node for a program in TypeScript of this repository. */
export const nodeArguments = (file: string): string[] => [
  '--conditions=@roost/source',
  '--import',
  new URL('tools/register.js', root).href,
  fileURLToPath(new URL(file, root)),
];

/** A Roost that a simulation uses and a check reads, wherever it runs. The signing key signs tokens of any user. */
export abstract class RunningRoost {
  constructor(
    readonly url: string,
    private readonly signingKey: { key: KeyObject; id: string },
  ) {}

  abstract query<Row extends object>(database: Database, sql: string): Promise<Row[]>;

  /** The id under which identity publishes this key. */
  static async idOfKey(key: KeyObject, url: string): Promise<string> {
    const jwks = await new TestClient(url).get<{ keys: { kid: string; n: string }[] }>(
      '/.well-known/jwks.json',
    );
    const { n } = createPublicKey(key).export({ format: 'jwk' });
    const id = jwks.body.keys.find((published) => published.n === n)?.kid;
    if (!id) throw new Error('identity does not publish the key of JWT_PRIVATE_KEY');
    return id;
  }

  /** A client signed in as a user with a verified email address, for three hours. */
  as(id: string, roles: string[] = []): TestClient {
    return new TestClient(this.url, { authorization: `Bearer ${this.accessToken(id, roles)}` });
  }

  accessToken(id: string, roles: string[] = []): string {
    const now = Math.floor(Date.now() / 1000);
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const head = part({ alg: 'RS256', typ: 'JWT', kid: this.signingKey.id });
    const body = part({
      iss: 'roost',
      sub: id,
      sid: randomUUID(),
      roles: ['guest', ...roles],
      email_verified: true,
      auth_time: now,
      iat: now,
      exp: now + 3 * 3600,
    });
    const signature = sign('sha256', Buffer.from(`${head}.${body}`), this.signingKey.key).toString(
      'base64url',
    );
    return `${head}.${body}.${signature}`;
  }

  get anonymous(): TestClient {
    return new TestClient(this.url);
  }

  /** Runs the import command of an operator. Fails unless the command exits with 0. */
  async import(...options: string[]): Promise<void> {
    const child = spawn(
      process.execPath,
      [...nodeArguments('tools/src/import/main.ts'), 'inside-airbnb', ...options, '--url', this.url],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    const [out, error, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'close') as Promise<[number | null]>,
    ]);
    if (code !== 0) throw new Error(`The import exited with ${code}:\n${out}${error}`);
  }

  /** Advances domain time, processes the due work and returns the new time. `'PT0S'` returns the current time. */
  async advance(duration: string): Promise<Date> {
    const { body } = await this.anonymous.post<{ now: string }>('/dev/clock', { advance: duration });
    return new Date(body.now);
  }
}
