import { startTestService, type TestClient, type TestResponse, type TestService } from '@roost/testing';
import { identity } from '../src/service.js';

export interface Tokens extends Record<string, unknown> {
  accessToken: string;
  refreshToken: string;
}

export interface Claims {
  iss: string;
  sub: string;
  sid: string;
  roles: string[];
  email_verified: boolean;
  auth_time: number;
  iat: number;
  exp: number;
}

export interface InboxMail {
  to: string;
  template: string;
  subject: string;
  text: string;
  html: string;
  token: string | null;
  sentAt: string;
}

/** An account with its password and the tokens of an open session. */
export interface TestAccount {
  id: string;
  email: string;
  password: string;
  accessToken: string;
  refreshToken: string;
}

/** A password that the policy allows. */
/** An entry of `GET /v1/me/audit-log`. */
export interface AccountLogEntry {
  id: string;
  action: string;
  actor: string;
  sessionId: string | null;
  network: string | null;
  userAgent: string | null;
  details: Record<string, unknown>;
}

export const PASSWORD = 'quiet harbour lamp';

let addresses = 0;

/** Returns a mail address that no other test in this run uses. */
export const uniqueAddress = () => `person-${process.pid}-${(addresses += 1)}@example.com`;

/** Decodes the claims of a token without verifying its signature. */
export function claimsOf(token: string): Claims {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Claims;
}

/** The identity service under test, and the requests that most tests need. */
export class TestIdentity {
  constructor(readonly service: TestService) {}

  get anonymous(): TestClient {
    return this.service.anonymous;
  }

  with(accessToken: string): TestClient {
    return this.anonymous.with({ authorization: `Bearer ${accessToken}` });
  }

  /** Creates a user by the development route, with a session that counts as one with a second factor. */
  async createUser(options: { roles?: string[]; emailVerified?: boolean } = {}): Promise<TestAccount> {
    const response = await this.anonymous.post('/dev/users', options);
    expect(response.status).toBe(201);
    return response.body as unknown as TestAccount;
  }

  /** Registers and returns the mail address, which is not verified. */
  async register(email = uniqueAddress(), password = PASSWORD): Promise<string> {
    const response = await this.anonymous.post('/v1/auth/register', { email, password, displayName: 'Ada' });
    expect(response.status).toBe(202);
    return email;
  }

  logIn(email: string, password: string): Promise<TestResponse<Tokens>> {
    return this.anonymous.post<Tokens>('/v1/auth/login', { email, password });
  }

  refresh(refreshToken: string): Promise<TestResponse<Tokens>> {
    return this.anonymous.post<Tokens>('/v1/auth/refresh', { refreshToken });
  }

  /** Returns the first 100 entries of the log of an account, newest first. */
  async accountLog({ accessToken }: Pick<TestAccount, 'accessToken'>): Promise<AccountLogEntry[]> {
    const { status, body } = await this.with(accessToken).get('/v1/me/audit-log?limit=100');
    expect(status).toBe(200);
    return body.data as AccountLogEntry[];
  }

  /** Returns what happened to an account, newest first, without its log-ins. */
  async actionsOf(account: Pick<TestAccount, 'accessToken'>): Promise<[string, Record<string, unknown>][]> {
    const entries = await this.accountLog(account);
    return entries.flatMap(({ action, details }) =>
      action.startsWith('session.') ? [] : [[action, details] as [string, Record<string, unknown>]],
    );
  }

  /** Returns the mails to an address, newest first. */
  async mailsTo(email: string): Promise<InboxMail[]> {
    const inbox = await this.anonymous.get(`/dev/inbox?to=${encodeURIComponent(email)}`);
    expect(inbox.status).toBe(200);
    return inbox.body.data as InboxMail[];
  }

  /** Returns the token of the latest mail of this template. */
  async mailedToken(email: string, template: string): Promise<string> {
    const mail = (await this.mailsTo(email)).find((candidate) => candidate.template === template);
    if (!mail?.token) throw new Error(`${email} has no ${template} mail with a token`);
    return mail.token;
  }

  /** Moves the stored instants into the past, as if this time had passed. */
  async shiftTime(seconds: number): Promise<void> {
    const shifts: Record<string, string[]> = {
      session: ['auth_time', 'created_at', 'last_used_at', 'expires_at', 'revoked_at'],
      refresh_token: ['created_at', 'expires_at', 'used_at'],
      one_time_token: ['created_at', 'expires_at'],
      phone_code: ['created_at', 'expires_at', 'next_attempt_at'],
      login_attempt: ['locked_until', 'last_failed_at'],
      mfa_challenge: ['created_at', 'expires_at'],
      passkey_challenge: ['expires_at'],
      oidc_sign_in: ['expires_at'],
      signing_key: ['created_at', 'active_from', 'retire_at'],
    };
    for (const [table, columns] of Object.entries(shifts)) {
      const moved = columns.map((column) => `${column} = ${column} - make_interval(secs => $1)`);
      await this.service.query(`UPDATE ${table} SET ${moved.join(', ')}`, [seconds]);
    }
  }

  close(): Promise<void> {
    return this.service.close();
  }
}

/** The private key of the test run, in PEM. The generation of an RSA key takes longer than most tests. */
export const PRIVATE_KEY = process.env.ROOST_TEST_JWT_KEY ?? '';

/** Starts the service with `PRIVATE_KEY` as its signing key. */
export function startIdentity(env: Record<string, string> = {}): Promise<TestIdentity> {
  return startWithGeneratedKey({ JWT_PRIVATE_KEY: PRIVATE_KEY, ...env });
}

/** Starts the service without a configured key: it generates one. */
export async function startWithGeneratedKey(env: Record<string, string> = {}): Promise<TestIdentity> {
  return new TestIdentity(await startTestService(identity, { env }));
}
