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

export interface Person {
  id: string;
  email: string;
  password: string;
  accessToken: string;
  refreshToken: string;
}

export const GOOD_PASSWORD = 'quiet harbour lamp';

let people = 0;

/** A mail address that nobody else in this run has. */
export const someAddress = () => `person-${process.pid}-${(people += 1)}@example.com`;

/** What a token says, whoever signed it. */
export function claimsOf(token: string): Claims {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Claims;
}

/** The identity service under test, and what people do with it. */
export class Identity {
  constructor(readonly service: TestService) {}

  get anyone(): TestClient {
    return this.service.anonymous;
  }

  with(accessToken: string): TestClient {
    return this.anyone.with({ authorization: `Bearer ${accessToken}` });
  }

  /** A user made by the development route, logged in as if with a second factor. */
  async person(options: { roles?: string[]; emailVerified?: boolean } = {}): Promise<Person> {
    const made = await this.anyone.post('/dev/users', options);
    expect(made.status).toBe(201);
    return made.body as unknown as Person;
  }

  /** Somebody who has registered and not done anything else. */
  async registered(email = someAddress(), password = GOOD_PASSWORD): Promise<string> {
    const answer = await this.anyone.post('/v1/auth/register', { email, password, displayName: 'Ada' });
    expect(answer.status).toBe(202);
    return email;
  }

  logIn(email: string, password: string): Promise<TestResponse<Tokens>> {
    return this.anyone.post<Tokens>('/v1/auth/login', { email, password });
  }

  refresh(refreshToken: string): Promise<TestResponse<Tokens>> {
    return this.anyone.post<Tokens>('/v1/auth/refresh', { refreshToken });
  }

  /** Newest first. */
  async mailsTo(email: string): Promise<InboxMail[]> {
    const inbox = await this.anyone.get(`/dev/inbox?to=${encodeURIComponent(email)}`);
    expect(inbox.status).toBe(200);
    return inbox.body.data as InboxMail[];
  }

  /** The token in the latest mail of this kind. */
  async tokenIn(email: string, template: string): Promise<string> {
    const mail = (await this.mailsTo(email)).find((candidate) => candidate.template === template);
    if (!mail?.token) throw new Error(`No ${template} mail with a token came to ${email}`);
    return mail.token;
  }

  /** Makes stored instants older, as if this much time had passed. */
  async later(seconds: number): Promise<void> {
    const shifts: Record<string, string[]> = {
      session: ['auth_time', 'created_at', 'last_used_at', 'expires_at', 'revoked_at'],
      refresh_token: ['created_at', 'expires_at', 'used_at'],
      one_time_token: ['created_at', 'expires_at'],
      login_attempt: ['locked_until', 'last_failed_at'],
      mfa_challenge: ['created_at', 'expires_at'],
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

export async function startIdentity(env: Record<string, string> = {}): Promise<Identity> {
  return new Identity(await startTestService(identity, { env }));
}
