import { randomUUID } from 'node:crypto';
import { expectProblem } from '@roost/testing';
import { SessionJobs } from '../src/session/session.jobs.js';
import { startIdentity, type TestAccount, type TestIdentity, uniqueAddress } from './identity.fixture.js';

interface MailPage extends Record<string, unknown> {
  data: { id: string; recipient: string; state: string; retryable: boolean }[];
  nextCursor: string | null;
}

let identity: TestIdentity;
let admin: TestAccount;
beforeAll(async () => {
  // No server listens on the port.
  identity = await startIdentity({ MAILER: 'smtp', SMTP_URL: 'smtp://127.0.0.1:1' });
  admin = await identity.createUser({ roles: ['admin'] });
});
afterAll(() => identity.close());

const client = () => identity.with(admin.accessToken);
const list = async (query: Record<string, string>) =>
  (await client().get<MailPage>(`/v1/admin/mails?${new URLSearchParams(query).toString()}`)).body;
const idsOf = async (query: Record<string, string>) => (await list(query)).data.map(({ id }) => id);
const retry = (id: string) => client().post(`/v1/admin/mails/${id}/retry`, { reason: 'Server repaired' });

interface Sample {
  template?: string;
  text?: string;
  recipient?: string;
  about?: string[];
  state?: 'waiting' | 'sent' | 'given_up';
  at?: string;
}

/** A mail that the sweeper does not send during the spec. */
async function storedMail(sample: Sample = {}): Promise<string> {
  const { template = 'password-changed', text = 'A secret text', recipient = uniqueAddress() } = sample;
  const { about = [], state = 'given_up', at = new Date().toISOString() } = sample;
  const [row] = await identity.service.query<{ id: string }>(
    `INSERT INTO mail (id, recipient, template, subject, text, html, about, created_at, attempts, last_error,
       next_attempt_at, sent_at, given_up_at)
     VALUES (uuidv7(), $1, $2, 'A secret subject', $3, $3, $4, $6, 10, 'EENVELOPE 550',
       CASE WHEN $5 = 'waiting' THEN timestamptz '2999-01-01' END,
       CASE WHEN $5 = 'sent' THEN $6::timestamptz END, CASE WHEN $5 = 'given_up' THEN $6::timestamptz END)
     RETURNING id`,
    [recipient, template, text, about, state, at],
  );
  return (row as { id: string }).id;
}

describe('GET /v1/admin/mails', () => {
  it('returns states and failures, without subjects, texts and tokens', async () => {
    const user = await identity.createUser();
    const id = await storedMail({ recipient: user.email, about: [user.id] });
    const page = await list({ id });
    expect(page.data).toEqual([
      {
        ...{ id, userId: user.id, recipient: user.email, template: 'password-changed', state: 'given_up' },
        ...{ attempts: 10, lastError: 'EENVELOPE 550', retryable: true, nextAttemptAt: null, sentAt: null },
        ...{ createdAt: expect.any(String), givenUpAt: expect.any(String) },
      },
    ]);
    expect(JSON.stringify(page)).not.toContain('secret');
  });

  it('filters by address in any case, recipient, template, state and time', async () => {
    const [ada, noor] = [randomUUID(), randomUUID()];
    const recipient = uniqueAddress();
    const early = await storedMail({ recipient, about: [ada, noor], at: '2027-01-01T00:00:00Z' });
    const late = await storedMail({
      ...{ recipient, about: [noor, ada], state: 'sent', template: 'mfa-enabled' },
      at: '2027-01-02T00:00:00Z',
    });
    const waiting = await storedMail({ recipient, state: 'waiting', at: '2027-01-03T00:00:00Z' });
    expect(await idsOf({ recipient: recipient.toUpperCase() })).toEqual([waiting, late, early]);
    expect(await idsOf({ userId: ada })).toEqual([early]);
    expect(await idsOf({ recipient, template: 'mfa-enabled' })).toEqual([late]);
    expect(await idsOf({ recipient, state: 'given_up' })).toEqual([early]);
    expect(await idsOf({ recipient, state: 'sent' })).toEqual([late]);
    expect(await idsOf({ recipient, state: 'waiting' })).toEqual([waiting]);
    expect(await idsOf({ recipient, createdFrom: '2027-01-02T00:00:00Z' })).toEqual([waiting, late]);
    expect(await idsOf({ recipient, createdTo: '2027-01-02T00:00:00Z' })).toEqual([early]);
  });

  it('returns pages, newest first', async () => {
    const recipient = uniqueAddress();
    const ids = [
      await storedMail({ recipient }),
      await storedMail({ recipient }),
      await storedMail({ recipient }),
    ];
    const first = await list({ recipient, limit: '2' });
    expect(first.data.map(({ id }) => id)).toEqual([ids[2], ids[1]]);
    expect(await idsOf({ recipient, limit: '2', cursor: String(first.nextCursor) })).toEqual([ids[0]]);
  });

  it.each(['state=lost', 'recipient=ada', 'userId=1', 'createdFrom=yesterday', 'template=%00', 'unknown=1'])(
    'rejects %s',
    async (query) => {
      expectProblem(await client().get(`/v1/admin/mails?${query}`), 400, 'request.invalid');
    },
  );
});

describe('POST /v1/admin/mails/{id}/retry', () => {
  it('makes a mail due that was given up, once, and records the administrator', async () => {
    const id = await storedMail();
    expect((await retry(id)).status).toBe(202);
    expect(await list({ id })).toMatchObject({ data: [{ state: 'waiting', givenUpAt: null }] });
    expectProblem(await retry(id), 409, 'mail.not_given_up');
    const { body } = await client().get(`/v1/admin/audit-log?subjectId=${id}`);
    expect(body).toMatchObject({
      data: [{ adminId: admin.id, action: 'mail.retry', subjectType: 'mail', reason: 'Server repaired' }],
    });
  });

  it.each<[string, Sample, string]>([
    ['that was sent', { state: 'sent' }, 'mail.not_given_up'],
    ['that waits for an attempt', { state: 'waiting' }, 'mail.not_given_up'],
    ['with a link that expires', { template: 'reset-password' }, 'mail.not_retryable'],
    ['without texts', { text: '' }, 'mail.not_retryable'],
  ])('rejects a mail %s', async (_, sample, code) => {
    const id = await storedMail(sample);
    const before = await list({ id });
    expectProblem(await retry(id), 409, code);
    expect(await list({ id })).toEqual(before);
  });

  it('rejects an unknown mail, and a request without a reason', async () => {
    expectProblem(await retry(randomUUID()), 404, 'mail.not_found');
    const id = await storedMail();
    expectProblem(await client().post(`/v1/admin/mails/${id}/retry`, {}), 400, 'request.invalid');
  });
});

it('deletes a mail 30 days after it was given up', async () => {
  const daysAgo = (days: number) => new Date(Date.now() - days * 24 * 60 * 60 * 1000).toISOString();
  const recipient = uniqueAddress();
  await storedMail({ recipient, at: daysAgo(31) });
  const recent = await storedMail({ recipient, at: daysAgo(29) });
  await identity.service.get(SessionJobs).purge();
  expect(await idsOf({ recipient })).toEqual([recent]);
});
