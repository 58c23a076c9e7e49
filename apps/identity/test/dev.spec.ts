import { randomBytes } from 'node:crypto';
import { expectProblem } from '@roost/testing';
import { DEMO_ACCOUNTS, DevUserService } from '../src/dev/dev-user.service.js';
import { claimsOf, type TestIdentity, startIdentity } from './identity.fixture.js';

let identity: TestIdentity;
beforeAll(async () => {
  identity = await startIdentity({ ROOST_DEMO: 'on' });
});
afterAll(() => identity.close());

describe('POST /dev/users', () => {
  it('201: creates a logged-in user, verified by default', async () => {
    const plain = await identity.anonymous.post('/dev/users');
    expect(plain.status).toBe(201);
    expect(Object.keys(plain.body).sort()).toEqual([
      'accessToken',
      'email',
      'id',
      'password',
      'refreshToken',
    ]);
    const person = await identity.createUser({ roles: ['host', 'admin'], emailVerified: false });
    const claims = claimsOf(person.accessToken);
    expect(claims).toMatchObject({
      sub: person.id,
      roles: ['guest', 'host', 'admin'],
      email_verified: false,
    });
    expect((await identity.logIn(person.email, person.password)).status).toBe(200);
  });

  it('400: rejects an unknown role', async () => {
    const response = await identity.anonymous.post('/dev/users', { roles: ['root'] });
    expectProblem(response, 400, 'request.invalid', '/roles/0');
  });
});

describe('GET /dev/inbox', () => {
  it('200: returns JSON, the newest mail first, of one address or of all', async () => {
    const email = await identity.register();
    await identity.anonymous.post('/v1/auth/forgot-password', { email });
    const mails = await identity.mailsTo(email.toUpperCase());
    expect(mails.map((mail) => mail.template)).toEqual(['reset-password', 'verify-email']);
    expect(Object.keys(mails[0] ?? {}).sort()).toEqual(
      ['html', 'id', 'sentAt', 'subject', 'template', 'text', 'to', 'token'].sort(),
    );
    const all = await identity.anonymous.get('/dev/inbox');
    expect((all.body.data as unknown[]).length).toBeGreaterThanOrEqual(2);
  });

  it('200: returns a page for a browser, in which mails run no scripts', async () => {
    const email = 'script@example.com';
    const displayName = `<script>alert(1)</script>`;
    await identity.anonymous.post('/v1/auth/register', {
      email,
      displayName,
      password: 'quiet harbour lamp',
    });
    const page = await identity.anonymous.get<string>(`/dev/inbox?to=${email}`, {
      accept: 'text/html,application/xhtml+xml,*/*;q=0.8',
    });
    expect(page.headers.get('content-type')).toMatch(/^text\/html/);
    expect(page.body).toContain('Confirm your mail address');
    expect(page.body).not.toContain('<script');
    expect(page.body).toContain('<iframe sandbox');
  });

  it('400: rejects a malformed address', async () => {
    expectProblem(await identity.anonymous.get('/dev/inbox?to=ada'), 400, 'request.invalid', 'to');
  });
});

describe('demo accounts', () => {
  it('log in with the password of the README, the administrator without a second factor', async () => {
    for (const { email, roles } of DEMO_ACCOUNTS) {
      const { status, body } = await identity.logIn(email, 'roost-demo-password');
      expect(status).toBe(200);
      expect(claimsOf(body.accessToken)).toMatchObject({ roles: ['guest', ...roles], email_verified: true });
    }
  });

  it('are created once', async () => {
    await identity.service.get(DevUserService).ensureDemoAccounts();
    const rows = await identity.service.query(
      `SELECT id FROM user_account WHERE email LIKE '%@demo.roost.example'`,
    );
    expect(rows).toHaveLength(7);
    const events = await identity.service.published('user.registered');
    expect(events.filter((event) => event.displayName.startsWith('Demo '))).toHaveLength(7);
  });
});

it('development routes are not in the OpenAPI document', async () => {
  const { body } = await identity.anonymous.get<{ paths: object }>('/openapi.json');
  const paths = Object.keys(body.paths);
  expect(paths).toContain('/v1/auth/login');
  expect(paths.filter((path) => path.startsWith('/dev'))).toEqual([]);
});

describe('in production', () => {
  const production = {
    ROOST_ENV: 'production',
    MAILER: 'smtp',
    SMTP_URL: 'smtps://127.0.0.1:1',
    PUBLIC_URL: 'https://roost.example.com',
    ENCRYPTION_KEY: randomBytes(32).toString('base64'),
  };

  it('has no development routes, and hashes passwords at the full cost', async () => {
    const deployed = await startIdentity(production);
    try {
      expectProblem(await deployed.anonymous.get('/dev/inbox'), 404, 'route.not_found');
      expectProblem(await deployed.anonymous.post('/dev/users', {}), 404, 'route.not_found');
      await expect(deployed.service.get(DevUserService).ensureDemoAccounts()).rejects.toThrow(/production/);
      const email = await deployed.register();
      const [user] = await deployed.service.query<{ password_hash: string }>(
        'SELECT password_hash FROM user_account WHERE email = $1',
        [email],
      );
      expect(user?.password_hash).toMatch(/^\$argon2id\$v=19\$m=19456,(t=2,p=1|p=1,t=2)\$/);
    } finally {
      await deployed.close();
    }
  });

  it.each([
    ['the inbox', { MAILER: 'inbox' }, /MAILER/],
    ['demo accounts', { ROOST_DEMO: 'on' }, /ROOST_DEMO/],
    ['SMTP without encryption', { SMTP_URL: 'smtp://127.0.0.1:1' }, /^SMTP_URL .* must be an smtps URL/],
    ['no SMTP server', { SMTP_URL: '' }, /^SMTP_URL is missing/],
  ])('does not start with %s', async (_, env, sentence) => {
    await expect(startIdentity({ ...production, ...env })).rejects.toThrow(sentence);
  });
});
