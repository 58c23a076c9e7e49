import { randomUUID } from 'node:crypto';
import { AccountExporter } from '@roost/accounts';
import { services } from '@roost/contracts';
import { Metrics } from '@roost/platform';
import { eventually, expectProblem } from '@roost/testing';
import type { DataExport } from '../src/export/export.dto.js';
import { SessionJobs } from '../src/session/session.jobs.js';
import { startIdentity, type TestAccount, type TestIdentity } from './identity.fixture.js';

const OTHERS = services.filter((name) => name !== 'identity');

let identity: TestIdentity;
let ada: TestAccount;
beforeAll(async () => {
  identity = await startIdentity();
});
beforeEach(async () => {
  ada = await identity.createUser();
});
afterAll(() => identity.close());

const as = ({ accessToken }: TestAccount) => identity.with(accessToken);
const request = (account: TestAccount, headers: Record<string, string> = {}) =>
  as(account).post<DataExport>('/v1/me/exports', undefined, headers);
const read = async (account: TestAccount, id: string): Promise<DataExport> => {
  const { status, body } = await as(account).get<DataExport>(`/v1/me/exports/${id}`);
  expect(status).toBe(200);
  return body;
};

/** What the other services publish. */
async function deliverParts(
  account: TestAccount,
  id: string,
  from: readonly string[] = OTHERS,
): Promise<void> {
  const part = { userId: account.id, requestId: id, fileKey: `account_export/${id}` };
  for (const source of from) await identity.service.deliver('privacy.export-part-ready', part, { source });
}

async function readyExport(account: TestAccount): Promise<DataExport> {
  const { body } = await request(account);
  await deliverParts(account, body.id);
  return eventually(async () => {
    const found = await read(account, body.id);
    expect(found.status).toBe('ready');
    return found;
  });
}

const move = (id: string, interval: string) =>
  identity.service.query(
    `UPDATE export_request SET requested_at = requested_at - $2::interval, expires_at = expires_at - $2::interval,
       ready_at = ready_at - $2::interval WHERE id = $1`,
    [id, interval],
  );

const overdue = async (): Promise<string> => {
  const text = await identity.service.get(Metrics).registry.metrics();
  return /^roost_exports_overdue\S* (\d+)/m.exec(text)?.[1] ?? '';
};

describe('POST /v1/me/exports', () => {
  it('requests the parts of all services, and writes that of identity', async () => {
    const { status, body } = await request(ada);
    expect(status).toBe(202);
    expect(body).toMatchObject({ status: 'pending', readyAt: null, fileUrl: null });
    expect(body.parts.map(({ service }) => service)).toEqual(services);
    expect(new Date(body.expiresAt).getTime() - new Date(body.requestedAt).getTime()).toBe(7 * 86_400_000);
    expect(await identity.service.published('privacy.export-requested')).toContainEqual({
      userId: ada.id,
      requestId: body.id,
    });
    await eventually(async () =>
      expect((await read(ada, body.id)).parts).toContainEqual({ service: 'identity', status: 'ready' }),
    );
    expect((await read(ada, body.id)).status).toBe('pending');
  });

  it('exists in GraphQL, with its state', async () => {
    const PARTS = 'id status requestedAt readyAt expiresAt fileUrl parts { service status }';
    const mutate = `mutation { requestDataExport { ${PARTS} } }`;
    const { data } = await as(ada).graphql<{ requestDataExport: DataExport }>(mutate);
    const id = data?.requestDataExport.id ?? '';
    expect(data?.requestDataExport).toMatchObject({ status: 'pending', fileUrl: null });
    const again = await as(ada).graphql(mutate);
    expect(again.errors).toMatchObject([{ extensions: { code: 'rate.too_many_exports', status: 429 } }]);
    await deliverParts(ada, id);
    await eventually(async () => expect((await read(ada, id)).status).toBe('ready'));
    const query = `query ($id: ID!) { dataExport(id: $id) { ${PARTS} } }`;
    expect((await as(ada).graphql(query, { id })).data?.dataExport).toEqual(await read(ada, id));
    const other = await as(await identity.createUser()).graphql(query, { id });
    expect(other.errors).toMatchObject([{ extensions: { code: 'export.not_found', status: 404 } }]);
    await identity.shiftTime(301);
    const { accessToken } = (await identity.refresh(ada.refreshToken)).body;
    const late = await identity.with(accessToken).graphql(mutate);
    expect(late.errors).toMatchObject([{ extensions: { code: 'auth.step_up_required', status: 403 } }]);
  });

  it('requires a step-up, and so does the file', async () => {
    const { id } = await readyExport(ada);
    await identity.shiftTime(301);
    const { accessToken } = (await identity.refresh(ada.refreshToken)).body;
    const late = { ...ada, accessToken };
    expectProblem(await request(late), 403, 'auth.step_up_required');
    expectProblem(await as(late).get(`/v1/me/exports/${id}/file`), 403, 'auth.step_up_required');
    expect((await read(late, id)).status).toBe('ready');
  });

  it('is executed once per Idempotency-Key', async () => {
    const key = { 'idempotency-key': randomUUID() };
    const first = await request(ada, key);
    const second = await request(ada, key);
    expect(second).toMatchObject({ status: 202, body: { id: first.body.id } });
    expect(second.headers.get('idempotent-replayed')).toBe('true');
  });

  it('rejects a second export while one is pending, and two at once', async () => {
    const responses = await Promise.all([request(ada), request(ada), request(ada)]);
    expect(responses.map(({ status }) => status).sort()).toEqual([202, 429, 429]);
    const rejected = await request(ada);
    expectProblem(rejected, 429, 'rate.too_many_exports');
    expect(rejected.headers.get('retry-after')).toBe('60');
  });

  it('allows three exports in 24 hours', async () => {
    const exports = [await readyExport(ada), await readyExport(ada), await readyExport(ada)];
    const rejected = await request(ada);
    expectProblem(rejected, 429, 'rate.too_many_exports');
    const seconds = Number(rejected.headers.get('retry-after'));
    expect(seconds).toBeGreaterThan(23 * 3600);
    expect(seconds).toBeLessThanOrEqual(24 * 3600);
    await move(exports[0]?.id ?? '', '24 hours');
    expect((await request(ada)).status).toBe(202);
  });

  it('allows another export a day after one that is still pending', async () => {
    const { body } = await request(ada);
    await move(body.id, '24 hours');
    expect((await request(ada)).status).toBe(202);
  });
});

describe('GET /v1/me/exports/{id}', () => {
  it('is ready when all services have written their parts, and a mail notifies the user', async () => {
    const { body } = await request(ada);
    const [last = '', ...first] = OTHERS;
    await deliverParts(ada, body.id, first);
    await eventually(async () => {
      const { parts } = await read(ada, body.id);
      expect(parts.filter(({ status }) => status === 'pending')).toEqual([
        { service: last, status: 'pending' },
      ]);
    });
    expect((await identity.mailsTo(ada.email)).map(({ template }) => template)).not.toContain('export-ready');
    await deliverParts(ada, body.id, [last]);
    const ready = await read(ada, body.id);
    expect(ready).toMatchObject({ status: 'ready', readyAt: expect.any(String) });
    expect(new URL(ready.fileUrl ?? '').pathname).toBe(`/v1/me/exports/${body.id}/file`);
    const mails = (await identity.mailsTo(ada.email)).filter(({ template }) => template === 'export-ready');
    expect(mails).toHaveLength(1);
  });

  it('is 404 for another user and for an unknown id', async () => {
    const { id } = await readyExport(ada);
    const other = await identity.createUser();
    for (const path of [`/v1/me/exports/${id}`, `/v1/me/exports/${id}/file`])
      expectProblem(await as(other).get(path), 404, 'export.not_found');
    expectProblem(await as(ada).get(`/v1/me/exports/${randomUUID()}`), 404, 'export.not_found');
  });

  it('has failed after three days; later parts are ignored', async () => {
    const { body } = await request(ada);
    await move(body.id, '3 days');
    await deliverParts(ada, body.id);
    expect(await read(ada, body.id)).toMatchObject({ status: 'failed', readyAt: null, fileUrl: null });
    expectProblem(await as(ada).get(`/v1/me/exports/${body.id}/file`), 404, 'export.not_found');
  });

  it('counts exports that are pending for more than an hour, until they have failed', async () => {
    const { body } = await request(ada);
    const before = Number(await overdue());
    await move(body.id, '2 hours');
    expect(Number(await overdue())).toBe(before + 1);
    await move(body.id, '3 days');
    expect(Number(await overdue())).toBe(before);
  });
});

describe('GET /v1/me/exports/{id}/file', () => {
  it('is 409 until the export is ready', async () => {
    const { body } = await request(ada);
    expectProblem(await as(ada).get(`/v1/me/exports/${body.id}/file`), 409, 'export.not_ready');
  });

  it('has the account, the session and the mails of the user, and no secret', async () => {
    const settings = await as(ada).get('/v1/me/notification-settings');
    await as(ada).put('/v1/me/notification-settings', { ...settings.body, reviewReminder: false });
    await as(ada).post('/v1/me/mfa/totp');
    await identity.anonymous.post('/v1/auth/forgot-password', { email: ada.email });
    const token = await identity.mailedToken(ada.email, 'reset-password');
    const other = await identity.createUser();
    await as(ada).patch('/v1/me', { bio: 'Likes long walks', languages: ['fr'] });
    await identity.service.query(`UPDATE user_account SET phone = '+32470123456' WHERE id = $1`, [ada.id]);
    await identity.service.query(
      `INSERT INTO passkey (id, user_id, name, credential_id, public_key, sign_count, transports, backed_up, created_at)
       SELECT uuidv7(), u, n, md5(u::text), '', 0, '[]', false, now()
       FROM (VALUES ($1::uuid, 'Telephone'), ($2::uuid, 'Not of Ada')) AS v (u, n)`,
      [ada.id, other.id],
    );
    await identity.service.query(
      `INSERT INTO external_identity (id, user_id, issuer, subject, email, created_at, last_used_at)
       SELECT uuidv7(), u, 'https://provider.example.com', u::text, e, now(), now()
       FROM (VALUES ($1::uuid, 'ada@example.org'), ($2::uuid, 'Not of Ada')) AS v (u, e)`,
      [ada.id, other.id],
    );
    await identity.service.query(
      `INSERT INTO report (id, reporter_id, subject_type, subject_id, reason, text, created_at)
       SELECT uuidv7(), r, 'user', gen_random_uuid(), 'spam', t, now()
       FROM (VALUES ($1::uuid, 'Sends advertisements'), ($2::uuid, 'Not of Ada')) AS v (r, t)`,
      [ada.id, other.id],
    );
    const { id } = await readyExport(ada);

    const response = await as(ada).get<Record<string, unknown[]>>(`/v1/me/exports/${id}/file`);

    expect(response.headers.get('content-disposition')).toContain('attachment');
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.body).toMatchObject({
      account: [
        {
          ...{ id: ada.id, email: ada.email, roles: ['guest'], phone: '+32470123456' },
          ...{ bio: 'Likes long walks', languages: ['fr'] },
        },
      ],
      passkeys: [{ name: 'Telephone', createdAt: expect.any(String), lastUsedAt: null }],
      identities: [{ issuer: 'https://provider.example.com', subject: ada.id, email: 'ada@example.org' }],
      reports: [{ reason: 'spam', text: 'Sends advertisements' }],
      sessions: [{ network: expect.any(String), createdAt: expect.any(String) }],
      log: [
        { action: 'account.registered', actor: 'user', userAgent: 'node', details: {} },
        { action: 'session.started', network: '127.0.0.0/24' },
        { action: 'notification-settings.changed' },
        { action: 'profile.changed' },
        { action: 'export.requested', details: { exportId: id } },
      ],
      authenticators: [{ confirmedAt: null }],
      notificationSettings: [{ muted: ['review-reminder'] }],
    });
    expect(response.body.mails).toContainEqual(
      expect.objectContaining({ recipient: ada.email, template: 'reset-password' }),
    );
    expect((await identity.actionsOf(ada)).slice(0, 2)).toEqual([
      ['export.downloaded', { exportId: id }],
      ['export.requested', { exportId: id }],
    ]);
    const text = JSON.stringify(response.body);
    const [secrets] = await identity.service.query<Record<string, string>>(
      `SELECT u.password_hash AS password, f.secret_sealed AS factor FROM user_account u
       JOIN totp_factor f ON f.user_id = u.id WHERE u.id = $1`,
      [ada.id],
    );
    for (const secret of [token, 'Not of Ada', other.email, other.id, secrets?.password, secrets?.factor])
      expect(text).not.toContain(secret);
    expect(text).not.toMatch(/hash|sealed|token_/i);
  });

  it('is encrypted at rest', async () => {
    await readyExport(ada);
    const rows = await identity.service.query(
      `SELECT FROM account_export_chunk c JOIN account_export USING (export_id)
       WHERE user_id = $1 AND position($2 IN content) = 0`,
      [ada.id, ada.email],
    );
    expect(rows.length).toBeGreaterThan(0);
  });
});

describe('a part that fails', () => {
  const insertPart = async (attempt: number, age = '0 days') => {
    const exportId = randomUUID();
    await identity.service.query(
      `INSERT INTO account_export (export_id, user_id, due_at, attempt, expires_at)
       VALUES ($1, $2, now() - interval '1 second', $3, now() + interval '7 days' - $4::interval)`,
      [exportId, ada.id, attempt, age],
    );
    await identity.service.query(`INSERT INTO account_export_chunk VALUES ($1, $2, 0, 'interrupted')`, [
      exportId,
      attempt,
    ]);
    return exportId;
  };
  const partOf = async (exportId: string) => {
    const [part] = await identity.service.query<{ attempt: number; minutes: number; chunks: number[] }>(
      `SELECT attempt, round(extract(epoch FROM due_at - now()) / 60)::int AS minutes,
         ARRAY(SELECT c.attempt FROM account_export_chunk c WHERE c.export_id = e.export_id) AS chunks
       FROM account_export e WHERE export_id = $1`,
      [exportId],
    );
    return part;
  };
  const runFailing = async () => {
    await identity.service.query('ALTER TABLE report RENAME TO report_away');
    try {
      await identity.service.get(AccountExporter).exportDue();
    } finally {
      await identity.service.query('ALTER TABLE report_away RENAME TO report');
    }
  };

  it.each([
    [0, 1],
    [2, 4],
    [20, 60],
  ])('is repeated after %p earlier runs in %p minutes, without their chunks', async (attempt, minutes) => {
    const exportId = await insertPart(attempt);
    await runFailing();
    const failed = await partOf(exportId);
    expect(failed).toMatchObject({ attempt: attempt + 1, minutes });
    expect(failed?.chunks).not.toContain(attempt);
  });

  it('is not repeated after three days', async () => {
    const [current, old] = [await insertPart(1, '71 hours'), await insertPart(1, '73 hours')];
    await identity.service.get(AccountExporter).exportDue();
    expect(await partOf(current)).toMatchObject({ attempt: 2, minutes: null });
    expect(await partOf(old)).toMatchObject({ attempt: 1 });
  });
});

describe('after its end', () => {
  it('an expired export has no file, and is deleted', async () => {
    const { id } = await readyExport(ada);
    await move(id, '7 days');
    expect(await read(ada, id)).toMatchObject({ status: 'expired', fileUrl: null });
    expectProblem(await as(ada).get(`/v1/me/exports/${id}/file`), 404, 'export.not_found');
    await identity.service.query(
      `UPDATE account_export SET expires_at = now() - interval '1 second' WHERE export_id = $1`,
      [id],
    );
    await identity.service.get(AccountExporter).deleteExpired();
    expect(
      await identity.service.query('SELECT FROM account_export_chunk WHERE export_id = $1', [id]),
    ).toEqual([]);
    await move(id, '31 days');
    await identity.service.get(SessionJobs).purge();
    expectProblem(await as(ada).get(`/v1/me/exports/${id}`), 404, 'export.not_found');
  });

  it('the erasure of the account deletes exports', async () => {
    const { id } = await readyExport(ada);
    expect((await as(ada).delete('/v1/me')).status).toBe(202);
    expectProblem(await as(ada).get(`/v1/me/exports/${id}/file`), 401, 'auth.invalid_token');
    expectProblem(await request(ada), 401, 'auth.invalid_token');
    for (const table of ['account_export', 'export_request'])
      expect(await identity.service.query(`SELECT FROM ${table} WHERE user_id = $1`, [ada.id])).toEqual([]);
    expect(
      await identity.service.query('SELECT FROM account_export_chunk WHERE export_id = $1', [id]),
    ).toEqual([]);
  });
});
