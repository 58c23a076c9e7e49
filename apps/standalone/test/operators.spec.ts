import { createHmac } from 'node:crypto';
import { jest } from '@jest/globals';
import { eventually, TestClient, goldenDifferences } from '@roost/testing';
import {
  STATEFUL_SERVICES,
  Operator,
  rebuildProjections,
  type Rebuilt,
  replayOntoFullTables,
} from './operator.fixture.js';
import { freshEnvironment, stopAll, type Env, run } from './launcher.js';

jest.setTimeout(400_000);
afterAll(async () => {
  operator?.stop();
  await stopAll();
});

let env: Env;
let gateway: TestClient;
let operator: Operator;

const roost = (...args: string[]) => operator.roost(...args);
const json = <T>(...args: string[]) => operator.json<T>(...args);
const query: Operator['query'] = (...args) => operator.query(...args);
const checksums = () => operator.checksums();

const UNKNOWN_USER = '01890000-0000-7000-8000-000000000000';

/** One Roost with bookings and payments. Each test continues with the state of the previous one. */
describe('the commands of operators', () => {
  beforeAll(async () => {
    env = { ...(await freshEnvironment()), RATE_LIMIT_PER_MINUTE: '0' };
    gateway = new TestClient(`http://127.0.0.1:${env.PORT}`);
    env.PUBLIC_URL = `http://127.0.0.1:${env.PORT}`;
    operator = new Operator(env);
  });

  test('print what to do in one sentence if no Roost runs', async () => {
    for (const args of [
      ['outbox', 'status'],
      ['events', 'lag'],
      ['dead-letters', 'list'],
      ['ledger', 'check'],
    ]) {
      const { code, out, err } = await roost(...args);
      expect([code, out]).toEqual([1, '']);
      expect(err).toMatch(/^No Roost runs on .*: start it with "npm start", .* or set DATABASE_URL .*\.\n$/);
    }
    expect((await roost('clock', 'show')).err).toMatch(
      /^Nothing responds at http.*: start Roost with "npm start"/,
    );
  });

  test('reject wrong arguments with exit code 2', async () => {
    for (const [args, sentence] of [
      [['events', 'tail', '--topic', 'nothing'], /There is no topic "nothing"/],
      [['events', 'tail', '--type', 'nothing'], /There is no event "nothing"/],
      [['events', 'tail', '--limit', 'x'], /--limit must be a whole number/],
      [['outbox', 'status', '--service', 'nobody'], /There is no service "nobody"/],
      [['replay', 'events'], /Pass the name of one service/],
      [['admin', 'create'], /Pass the mail address of the account/],
      [['users', 'erase'], /Pass the ids of the users/],
      [['users', 'erase', 'ada'], /"ada" is not the id of a user/],
      [['users', 'erase', UNKNOWN_USER], /Pass the reason for the audit log with --reason/],
      [['users', 'erase', UNKNOWN_USER, '--reason', 'x'.repeat(501)], /--reason must have at most 500/],
      [['clock', 'set'], /Pass an instant/],
      [['webhooks', 'replay'], /Select some with --provider, .*, or pass --all/],
      [['webhooks', 'replay', '--id', 'evt_1'], /--id needs --provider/],
      [['webhooks', 'list', '--since', 'yesterday'], /--since must be an instant .* or a duration/],
      [['webhooks', 'list', '--outcome', 'lost'], /--outcome must be one of applied, /],
      [['webhooks', 'show', 'sandbox'], /Pass the name of the provider and the id/],
    ] as const) {
      const { code, err } = await roost(...args);
      expect({ args, code }).toEqual({ args, code: 2 });
      expect(err).toMatch(sentence);
    }
  });

  test('Roost starts, and the tour creates data', async () => {
    const process = run(env);
    await process.prints('Roost is ready');
    const tour = await operator.tour();
    expect({ code: tour.code, said: tour.code === 0 ? '' : tour.out + tour.err }).toEqual({
      code: 0,
      said: '',
    });
  });

  test('outbox status and events lag show active relays without a backlog', async () => {
    await eventually(async () => {
      const statuses = await json<
        { service: string; relayActive: boolean; rows: number; sinks: { behind: number }[] }[]
      >('outbox', 'status');
      expect(statuses.map(({ service }) => service)).toEqual(STATEFUL_SERVICES);
      expect(statuses.every(({ relayActive, rows }) => relayActive && rows > 0)).toBe(true);
      expect(statuses.flatMap(({ sinks }) => sinks.map(({ behind }) => behind))).toEqual(
        new Array(25).fill(0),
      );
    });
    const lags = await json<{ listener: string; behind: number }[]>('events', 'lag', '--service', 'bookings');
    expect(lags).toHaveLength(5);
    expect(lags.every(({ listener }) => listener === 'bookings')).toBe(true);
  });

  test('events tail finds events by type and by key', async () => {
    const { out } = await roost('events', 'tail', '--no-follow', '--type', 'booking.confirmed', '--json');
    const confirmed = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { key: string; body: { bookingId: string } });
    expect(confirmed.length).toBeGreaterThan(0);
    const [first] = confirmed;
    expect(first?.body.bookingId).toBe(first?.key);
    const life = await roost(
      'events',
      'tail',
      '--no-follow',
      '--topic',
      'bookings.booking',
      '--key',
      first?.key ?? '',
    );
    expect(life.out).toMatch(/booking\.created[^]*booking\.confirmed/);
    expect(
      (await roost('events', 'tail', '--from-start', '--limit', '2')).out.trim().split('\n'),
    ).toHaveLength(2);
  });

  /** Real events have the shape of the fixtures with which consumers are tested, at every depth. */
  test('published events have the shape of the golden fixtures', async () => {
    const { out } = await roost('events', 'tail', '--no-follow', '--json');
    const published = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string; body: object });
    const differences = published.flatMap(({ type, body }) => goldenDifferences(type, body));
    expect([...new Set(differences)]).toEqual([]);
    expect(new Set(published.map(({ type }) => type)).size).toBeGreaterThan(15);
  });

  test('ledger check and reconcile find no differences', async () => {
    const check = await json<{
      sound: boolean;
      findings: { wrong: number; checked: number }[];
      balances: { balanceMinor: number }[];
    }>('ledger', 'check');
    expect(check.sound).toBe(true);
    expect(check.findings.every(({ checked }) => checked > 0)).toBe(true);
    expect(check.balances.reduce((sum, { balanceMinor }) => sum + balanceMinor, 0)).toBe(0);
    const run = await json<{ id: string }>('reconcile', 'run');
    expect(run).toMatchObject({ balanced: true, differences: [] });
    expect(
      await query('payments', 'SELECT admin_id, action FROM admin_action WHERE subject_id = $1', [run.id]),
    ).toEqual([{ admin_id: null, action: 'reconciliation.start' }]);
  });

  test('reconcile and clock find the instance in its data folder, whatever the variables of the shell say', async () => {
    const nowhere = 'http://127.0.0.1:9';
    const stranger = new Operator({
      ROOST_DATA_DIR: env.ROOST_DATA_DIR ?? '',
      SANDBOX_URL: nowhere,
      IDENTITY_URL: nowhere,
      PUBLIC_URL: nowhere,
      PORT: '9',
    });
    try {
      const found = await stranger.json<{ balanced: boolean; providerPayments: number }>('reconcile', 'run');
      expect(found.balanced).toBe(true);
      expect(found.providerPayments).toBeGreaterThan(0);
      expect(await stranger.json('clock', 'show')).toMatchObject({ now: expect.any(String) });
    } finally {
      stranger.stop();
    }
  });

  test('ledger check reports a payment that differs from its ledger movements', async () => {
    const [payment] = await query<{ id: string }>(
      'payments',
      `UPDATE payment SET captured_minor = captured_minor - 1 WHERE id = (
         SELECT id FROM payment WHERE captured_minor > 0 AND refund_reserved_minor = 0 LIMIT 1) RETURNING id`,
    );
    const { code, out, err } = await roost('ledger', 'check');
    await query('payments', 'UPDATE payment SET captured_minor = captured_minor + 1 WHERE id = $1', [
      payment?.id,
    ]);
    expect(code).toBe(1);
    expect(out).toMatch(/the captured amount of a payment equals its movements in the ledger +\d+ +1 /);
    expect(err).toMatch(/^The ledger is not sound: the captured amount of a payment/);
  });

  test('reconcile reports a booking that differs from its payments', async () => {
    const [booking] = await query<{ id: string }>(
      'bookings',
      `UPDATE booking SET captured_minor = captured_minor - 1 WHERE id = (
         SELECT id FROM booking WHERE captured_minor > 0 LIMIT 1) RETURNING id`,
    );
    const { code, out, err } = await roost('reconcile', 'run');
    await query('bookings', 'UPDATE booking SET captured_minor = captured_minor + 1 WHERE id = $1', [
      booking?.id,
    ]);
    expect(code).toBe(1);
    expect(out).toMatch(new RegExp(`^booking\\.captured +booking ${booking?.id} .*bookings stores`, 'm'));
    expect(err).toMatch(/ bookings: 1 differences\.\nThere are differences\.\n$/);
  });

  test('the admin routes lead from a mail address to the bookings and payments of the person', async () => {
    const [booking] = await query<{ id: string; guestId: string }>(
      'bookings',
      'SELECT id, guest_id AS "guestId" FROM booking WHERE captured_minor > 0 LIMIT 1',
    );
    const [guest] = await query<{ email: string }>(
      'identity',
      'SELECT email FROM user_account WHERE id = $1',
      [booking?.guestId],
    );
    const { body } = await gateway.post<{ accessToken: string }>('/dev/users', { roles: ['admin'] });
    const admin = gateway.with({ authorization: `Bearer ${body.accessToken}` });
    const idsOf = async (path: string) =>
      (await admin.get<{ data: { id: string }[] }>(`/v1/admin/${path}`)).body.data.map(({ id }) => id);
    const [userId] = await idsOf(`users?email=${encodeURIComponent(guest?.email ?? '')}`);
    expect(userId).toBe(booking?.guestId);
    expect(await idsOf(`bookings?guestId=${userId}`)).toContain(booking?.id);
    const payments = await idsOf(`payments?bookingId=${booking?.id}`);
    expect(payments.length).toBeGreaterThan(0);
    expect(await idsOf(`payments?guestId=${userId}`)).toEqual(expect.arrayContaining(payments));
  });

  test('webhooks lists, shows and replays the webhooks of the providers', async () => {
    interface Webhook {
      id: string;
      type: string;
      outcome: string | null;
      tries: number;
    }
    const found = await json<Webhook[]>('webhooks', 'list', '--type', 'intent.captured', '--since', 'P1D');
    expect(found.length).toBeGreaterThan(0);
    expect(new Set(found.map(({ type, outcome }) => `${type} ${outcome}`))).toEqual(
      new Set(['intent.captured applied']),
    );
    const [first] = found;
    const id = first?.id ?? '';
    const shown = await roost('webhooks', 'show', 'sandbox', id);
    expect(shown).toMatchObject({ code: 0, out: expect.stringMatching(/^outcome +applied$/m) });
    expect(shown.out).not.toMatch(/secret|payload/);
    const selection = ['--provider', 'sandbox', '--id', id];
    expect(await json<Webhook[]>('webhooks', 'replay', ...selection, '--dry-run')).toMatchObject([{ id }]);
    const asked = await roost('webhooks', 'replay', ...selection);
    expect(asked).toMatchObject({ code: 1, err: '1 webhook will be handled again: add --yes to confirm.\n' });
    expect(await json<Webhook[]>('webhooks', 'replay', ...selection, '--yes')).toMatchObject([
      { id, outcome: 'applied' },
    ]);
    expect(
      await query(
        'payments',
        `SELECT admin_id, subject_id, reason FROM admin_action WHERE action = 'webhook.replay'`,
      ),
    ).toEqual([{ admin_id: null, subject_id: `sandbox/${id}`, reason: 'roost webhooks replay' }]);
    expect(await roost('webhooks', 'show', 'sandbox', 'evt_none')).toMatchObject({
      code: 1,
      err: 'sandbox has sent no webhook evt_none.\n',
    });
    expect(await json('reconcile', 'run')).toMatchObject({ differences: [], bookingDifferences: [] });
  });

  test('replay onto full tables changes nothing', () => replayOntoFullTables(operator));

  test('rebuilt projections equal the previous ones', () => rebuildProjections(operator));

  test('replay projections reports a wrong projection with --dry-run, and repairs it without', async () => {
    const before = await checksums();
    await query('bookings', `UPDATE listing_snapshot SET title = 'astray'`);
    await query('listings', 'DELETE FROM listing_calendar');
    const tried = await json<Rebuilt>(
      'replay',
      'projections',
      'bookings',
      '--topic',
      'listings.listing',
      '--dry-run',
    );
    const [table] = tried.topics[0]?.tables ?? [];
    expect(tried.kept).toBe(false);
    expect(table).toMatchObject({ onlyBefore: table?.rowsAfter, onlyAfter: table?.rowsAfter });
    expect(await checksums()).not.toEqual(before);
    await json('replay', 'projections', 'bookings', '--yes');
    await json('replay', 'projections', 'listings', '--topic', 'bookings.calendar', '--yes');
    expect(await checksums()).toEqual(before);
  });

  test('dead letters are listed, shown, redriven and discarded, and block a rebuild', async () => {
    expect((await roost('dead-letters', 'list')).out).toBe('Nothing.\n');
    const id = '0197d0a0-0000-7000-8000-00000000dead';
    const key = '0197d0a0-0000-7000-8000-00000000beef';
    await query(
      'bookings',
      `INSERT INTO dead_letter (event_id, topic, key, type, source, occurred_at, aggregate_version, schema_version, data, code, detail, tries)
       VALUES ($1, 'listings.listing', $2, 'listing.changed', '/listings', now(), 1, 1, '{"listingId":7}', 'TypeError', 'made for a spec', 5)`,
      [id, key],
    );
    expect(await json('dead-letters', 'list', '--topic', 'listings.listing')).toMatchObject([
      { service: 'bookings', id, key, code: 'TypeError', tries: 5 },
    ]);
    expect((await roost('dead-letters', 'show', id)).out).toMatch(/detail +made for a spec/);
    const other = '0197d0a0-0000-7000-8000-00000000aaaa';
    expect(await roost('dead-letters', 'show', other)).toMatchObject({
      code: 1,
      err: `No service has a dead letter ${other}.\n`,
    });
    expect(await roost('dead-letters', 'show', 'no-id')).toMatchObject({ code: 2 });
    expect(await roost('dead-letters', 'redrive')).toMatchObject({ code: 2 });
    expect(await roost('dead-letters', 'redrive', '--id', id)).toMatchObject({
      code: 1,
      err: expect.stringMatching(/add --yes/),
    });

    expect(await roost('replay', 'projections', 'bookings', '--yes')).toMatchObject({
      code: 1,
      err: expect.stringMatching(
        /1 events of listings\.listing are parked at bookings: redrive or discard them first/,
      ),
    });
    const again = await roost('dead-letters', 'redrive', '--id', id, '--yes');
    expect(again).toMatchObject({
      code: 1,
      err: expect.stringMatching(/1 dead letter could not be handled again/),
    });
    expect(await json('dead-letters', 'discard', '--id', id, '--yes')).toEqual([
      { service: 'bookings', discarded: 1 },
    ]);
    expect((await roost('dead-letters', 'list')).out).toBe('Nothing.\n');
    expect(
      await query(
        'bookings',
        `SELECT action, subject_id AS subject, reason FROM admin_action WHERE action LIKE 'dead_letter.%' ORDER BY at`,
      ),
    ).toEqual([
      { action: 'dead_letter.read', subject: id, reason: 'roost dead-letters show' },
      { action: 'dead_letter.redrive', subject: id, reason: 'roost dead-letters redrive' },
      { action: 'dead_letter.discard', subject: id, reason: 'roost dead-letters discard' },
    ]);
  });

  test('jobs counts the jobs of every service, and retries only failed ones', async () => {
    expect(await json('jobs', 'status')).toMatchObject(
      STATEFUL_SERVICES.map((service) => ({ service, waiting: expect.any(Number), failed: 0 })),
    );
    expect(await json('jobs', 'failed')).toEqual([]);
    expect(await json('jobs', 'retry', '--service', 'bookings', '--yes')).toEqual([]);
    expect(await roost('jobs', 'retry')).toMatchObject({
      code: 2,
      err: 'Pass the service of the jobs with --service.\n',
    });
    expect(await roost('jobs', 'discard', '--service', 'bookings', '--id', 'none', '--yes')).toMatchObject({
      code: 1,
      err: 'bookings has no failed job none.\n',
    });
  });

  test('the admin routes reach the events and jobs of the service that they name', async () => {
    const { body } = await gateway.post<{ accessToken: string }>('/dev/users', { roles: ['admin'] });
    const admin = gateway.with({ authorization: `Bearer ${body.accessToken}` });
    for (const service of STATEFUL_SERVICES) {
      expect((await admin.get(`/v1/admin/outbox?service=${service}`)).body).toMatchObject({ service });
      expect((await admin.get(`/v1/admin/jobs?service=${service}`)).body).toMatchObject({
        queue: { name: service },
      });
      expect((await admin.get(`/v1/admin/dead-letters?service=${service}`)).body).toMatchObject({ data: [] });
    }
    for (const query of ['', '?service=gateway'])
      expect((await admin.get(`/v1/admin/jobs${query}`)).body).toMatchObject({
        status: 400,
        errors: [{ parameter: 'service' }],
      });
  });

  test('the clock is shown, moved and reset', async () => {
    expect(await json('clock', 'advance', 'P3D')).toMatchObject({ aheadSeconds: expect.any(Number) });
    const { aheadSeconds } = await json<{ aheadSeconds: number }>('clock', 'show');
    expect(Math.round(aheadSeconds / 86_400)).toBe(3);
    expect(await roost('clock', 'advance', 'soon')).toMatchObject({
      code: 1,
      err: 'Must be a duration such as P3D or PT15M\n',
    });
    await json('clock', 'reset');
    expect(Math.abs((await json<{ aheadSeconds: number }>('clock', 'show')).aheadSeconds)).toBeLessThan(60);
  });

  test('admin create creates an administrator, who logs in with a second factor only', async () => {
    const password = 'a rather long secret of an operator';
    const email = 'boss@example.com';
    const create = (given: string, ...more: string[]) =>
      operator.roostWithInput(`${given}\n`, 'admin', 'create', '--email', email, ...more);
    expect(await create('short')).toMatchObject({
      code: 1,
      err: 'The password must have 8 to 128 characters.\n',
    });
    expect(await create('password123')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/too common/),
    });
    const made = JSON.parse((await create(password, '--json')).out) as {
      secret: string;
      recoveryCodes: string[];
    };
    expect(made.recoveryCodes).toHaveLength(10);
    expect(await create(password)).toMatchObject({
      code: 1,
      err: expect.stringMatching(/has an account already/),
    });

    const login = await gateway.post<{ mfaToken?: string; accessToken?: string }>('/v1/auth/login', {
      email,
      password,
    });
    expect(login.body.accessToken).toBeUndefined();
    const tokens = await gateway.post<{ accessToken: string }>('/v1/auth/mfa', {
      mfaToken: login.body.mfaToken,
      code: totp(made.secret),
    });
    const admin = gateway.with({ authorization: `Bearer ${tokens.body.accessToken}` });
    expect((await admin.get('/v1/admin/reconciliation')).status).toBe(200);
  });

  test('users erase erases an account in all services', async () => {
    const { body } = await gateway.post<{ id: string; accessToken: string }>('/dev/users', {
      roles: [],
      emailVerified: true,
    });
    const user = gateway.with({ authorization: `Bearer ${body.accessToken}` });
    expect((await user.get('/v1/me/bookings')).status).toBe(200);
    const erase = ['users', 'erase', body.id, '--reason', 'Erased before the restore'];
    expect(await roost(...erase)).toMatchObject({
      code: 1,
      err: expect.stringMatching(/add --yes to confirm/),
    });
    expect(await json(...erase, '--yes')).toEqual([{ user: body.id, result: 'erased' }]);
    await eventually(async () => expect((await user.get('/v1/me/bookings')).status).toBe(401), {
      seconds: 30,
    });
    const erasedBy = async (service: string) =>
      query(service, 'SELECT 1 FROM account_erasure WHERE user_id = $1', [body.id]);
    for (const service of STATEFUL_SERVICES)
      await eventually(async () => expect(await erasedBy(service)).toHaveLength(1), { seconds: 30 });
    expect(await json(...erase, '--yes')).toEqual([{ user: body.id, result: 'already erased' }]);
    expect(await roost('users', 'erase', UNKNOWN_USER, '--reason', 'A test', '--yes')).toMatchObject({
      code: 1,
      out: expect.stringMatching(/unknown/),
      err: '1 of 1 accounts were not erased.\n',
    });
    expect((await roost('users', 'erase', '--help')).out).toMatch(/--reason/);
  });
});

/** RFC 6238 without a library, so that the test shares no code with the service. */
function totp(secret: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const bits = [...secret].map((letter) => alphabet.indexOf(letter).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000)));
  const digest = createHmac('sha1', key).update(counter).digest();
  const offset = (digest.at(-1) ?? 0) & 15;
  return String((digest.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}
