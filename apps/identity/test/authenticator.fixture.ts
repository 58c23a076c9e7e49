import { createHash, createHmac, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import type { TestResponse } from '@roost/testing';
import type { TestAccount, TestIdentity, Tokens } from './identity.fixture.js';

/** The options of WebAuthn that the authenticator reads. */
export interface Options extends Record<string, unknown> {
  challenge: string;
  rp?: { id: string };
  rpId?: string;
  user?: { id: string };
}

/** Differences from the response of a browser and an authenticator that follow the specification. */
export interface Changes {
  challenge?: string;
  origin?: string;
  rpId?: string;
  type?: string;
  userVerified?: boolean;
  userHandle?: string;
  signature?: (signature: Buffer) => Buffer;
}

const sha256 = (data: Buffer | string): Buffer => createHash('sha256').update(data).digest();
const base64 = (data: Buffer | string): string => Buffer.from(data).toString('base64url');
const text = (value: string): Buffer =>
  Buffer.concat([Buffer.from([0x60 + value.length]), Buffer.from(value)]);

/** The origin of a page in development, as the default of PUBLIC_URL. */
export const ORIGIN = 'http://localhost:3000';

/** An authenticator with one passkey (ES256), written from the specification of WebAuthn. */
export class Authenticator {
  readonly #keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  readonly #id = randomBytes(16);
  #userHandle: string | undefined;

  /** `counter` is the counter of the next response; null for an authenticator without one. */
  constructor(public counter: number | null = 1) {}

  get id(): string {
    return base64(this.#id);
  }

  create(options: Options, changes: Changes = {}) {
    this.#userHandle = options.user?.id;
    const { x = '', y = '' } = this.#keys.publicKey.export({ format: 'jwk' });
    const key = Buffer.concat([
      Buffer.from([0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20]),
      Buffer.from(x, 'base64url'),
      Buffer.from([0x22, 0x58, 0x20]),
      Buffer.from(y, 'base64url'),
    ]);
    const credential = Buffer.concat([Buffer.alloc(16), Buffer.from([0, this.#id.length]), this.#id, key]);
    const data = Buffer.concat([this.authenticatorData(0x40, options, changes), credential]);
    const attestationObject = Buffer.concat([
      Buffer.from([0xa3]),
      ...[text('fmt'), text('none'), text('attStmt'), Buffer.from([0xa0]), text('authData')],
      Buffer.from([0x59, data.length >> 8, data.length & 255]),
      data,
    ]);
    return this.credential({
      clientDataJSON: this.clientData('webauthn.create', options, changes),
      attestationObject: base64(attestationObject),
      transports: ['internal'],
    });
  }

  get(options: Options, changes: Changes = {}) {
    const clientDataJSON = this.clientData('webauthn.get', options, changes);
    const data = this.authenticatorData(0, options, changes);
    const signed = Buffer.concat([data, sha256(Buffer.from(clientDataJSON, 'base64url'))]);
    const signature = sign('sha256', signed, this.#keys.privateKey);
    return this.credential({
      clientDataJSON,
      authenticatorData: base64(data),
      signature: base64(changes.signature?.(signature) ?? signature),
      userHandle: changes.userHandle ?? this.#userHandle,
    });
  }

  private credential<R>(response: R) {
    const extensions = { authenticatorAttachment: 'platform', clientExtensionResults: {} };
    return { id: this.id, rawId: this.id, type: 'public-key', response, ...extensions };
  }

  private clientData(type: string, options: Options, changes: Changes): string {
    const { challenge = options.challenge, origin = ORIGIN } = changes;
    return base64(JSON.stringify({ type: changes.type ?? type, challenge, origin, crossOrigin: false }));
  }

  private authenticatorData(flags: number, options: Options, changes: Changes): Buffer {
    const { rpId = options.rp?.id ?? options.rpId ?? '', userVerified = true } = changes;
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(this.counter ?? 0);
    if (this.counter !== null) this.counter += 1;
    return Buffer.concat([sha256(rpId), Buffer.from([0x01 | (userVerified ? 0x04 : 0) | flags]), counter]);
  }
}

/** The requests of a client with passkeys. */
export class PasskeyClient {
  constructor(private readonly identity: TestIdentity) {}

  async creationOptions({ accessToken }: Pick<TestAccount, 'accessToken'>): Promise<Options> {
    const response = await this.identity.with(accessToken).post<Options>('/v1/me/passkeys/options');
    expect(response.status).toBe(200);
    return response.body;
  }

  register({ accessToken }: Pick<TestAccount, 'accessToken'>, credential: unknown, name = 'Phone') {
    return this.identity.with(accessToken).post<{ id: string }>('/v1/me/passkeys', { name, credential });
  }

  /** Registers a passkey and returns its id. */
  async add(account: Pick<TestAccount, 'accessToken'>, authenticator: Authenticator): Promise<string> {
    const options = await this.creationOptions(account);
    const response = await this.register(account, authenticator.create(options));
    expect(response.status).toBe(201);
    return response.body.id;
  }

  async logInOptions(): Promise<Options> {
    const response = await this.identity.anonymous.post<Options>('/v1/auth/passkeys/options');
    expect(response.status).toBe(200);
    return response.body;
  }

  send(credential: unknown): Promise<TestResponse<Tokens>> {
    return this.identity.anonymous.post<Tokens>('/v1/auth/passkeys', { credential });
  }

  async logIn(authenticator: Authenticator, changes: Changes = {}): Promise<TestResponse<Tokens>> {
    return this.send(authenticator.get(await this.logInOptions(), changes));
  }

  async stepUpOptions({ accessToken }: Pick<TestAccount, 'accessToken'>): Promise<Options> {
    const response = await this.identity.with(accessToken).post<Options>('/v1/auth/step-up/options');
    expect(response.status).toBe(200);
    return response.body;
  }

  stepUp({ accessToken }: Pick<TestAccount, 'accessToken'>, passkey: unknown) {
    return this.identity.with(accessToken).post<{ accessToken: string }>('/v1/auth/step-up', { passkey });
  }
}

/** The code of an authenticator app, written from RFC 6238, independent of the service's code. */
export function currentTotp(secret: string, periodsAhead = 0): string {
  const bits = [...secret].map((c) =>
    'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0'),
  );
  const bytes = bits.join('').match(/.{8}/g) ?? [];
  const counter = Buffer.alloc(8);
  counter.writeUInt32BE(Math.floor(Date.now() / 30_000) + periodsAhead, 4);
  const key = Buffer.from(bytes.map((byte) => Number.parseInt(byte, 2)));
  const digest = createHmac('sha1', key).update(counter).digest();
  const number = digest.readUInt32BE((digest[19] ?? 0) & 15) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, '0');
}
