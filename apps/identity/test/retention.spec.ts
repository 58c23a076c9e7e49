import { readFileSync } from 'node:fs';
import { NotificationJobs } from '../src/notification/notification.jobs.js';
import { ReportJobs } from '../src/report/report.jobs.js';
import { SessionJobs } from '../src/session/session.jobs.js';
import { startIdentity, type TestAccount, type TestIdentity } from './identity.fixture.js';

/** The periods of docs/privacy.md in days, by table: the number in the third column. */
const page = readFileSync(new URL('../../../docs/privacy.md', import.meta.url), 'utf8');
const section = page.split(/^## /m).find((text) => text.startsWith('identity\n')) ?? '';
const documented = new Map<string, number>();
for (const row of section.split('\n').filter((line) => line.startsWith('| `'))) {
  const [, columns = '', , howLong = ''] = row.split('|');
  const days = /(\d+) days?/.exec(howLong)?.[1];
  for (const [, table = ''] of columns.matchAll(/`(\w+)\.\w+`/g))
    if (days !== undefined) documented.set(table, Number(days));
}

/**
 * Inserts a row of the user $1 that ended at $2, with the mark $3 in a personal column; `personal` is what finds the mark
 * again. The columns are those that docs/privacy.md states a period for.
 */
const SAMPLES: Record<string, { insert: string; personal: string }> = {
  session: {
    insert: `INSERT INTO session (id, user_id, epoch, network, user_agent, mfa_passed, auth_time, created_at, last_used_at, expires_at)
      VALUES (gen_random_uuid(), $1, 0, '203.0.113.0/24', $3, false, $2, $2, $2, $2)`,
    personal: 'user_agent = $1',
  },
  account_log_entry: {
    insert: `INSERT INTO account_log_entry (id, user_id, at, action, actor, user_agent, details)
      VALUES (gen_random_uuid(), $1, $2, 'session.started', 'user', $3, '{}')`,
    personal: 'user_agent = $1',
  },
  one_time_token: {
    insert: `INSERT INTO one_time_token (token_hash, purpose, user_id, pending_display_name, created_at, expires_at)
      VALUES (sha256(convert_to($3::text, 'UTF8')), 'verify-email', $1, $3, $2, $2)`,
    personal: 'pending_display_name = $1',
  },
  login_attempt: {
    insert: `INSERT INTO login_attempt (subject, account, failures, last_failed_at)
      SELECT $3::bytea, $3::bytea, 1, $2 FROM user_account WHERE id = $1`,
    personal: 'subject = $1::bytea',
  },
  phone_code: {
    insert: `INSERT INTO phone_code (id, user_id, code_hash, network_hash, created_at, expires_at, text)
      VALUES (gen_random_uuid(), $1, '', '', $2, $2, $3)`,
    personal: 'text = $1',
  },
  mail: {
    insert: `INSERT INTO mail (id, recipient, template, subject, text, html, created_at, sent_at, about)
      VALUES (gen_random_uuid(), $3, 'booking-confirmed', '', '', '', $2, $2, ARRAY[$1::uuid])`,
    personal: 'recipient = $1',
  },
  notification: {
    insert: `INSERT INTO notification (id, event_id, user_id, template, facts, created_at, due_at, processed_at, outcome)
      VALUES (gen_random_uuid(), gen_random_uuid(), $1, 'message-received', jsonb_build_object('mark', $3::text), $2, $2, $2, 'mailed')`,
    personal: `facts ->> 'mark' = $1`,
  },
  report: {
    insert: `INSERT INTO report (id, reporter_id, subject_type, subject_id, reason, text, created_at, status, decided_at)
      VALUES (gen_random_uuid(), $1, 'user', gen_random_uuid(), 'scam', $3, $2, 'upheld', $2)`,
    personal: 'text = $1',
  },
};

let identity: TestIdentity;
let ada: TestAccount;
beforeAll(async () => {
  identity = await startIdentity();
  ada = await identity.createUser();
});
afterAll(() => identity.close());

async function insertEnded(table: string, minutesAgo: number, mark: string): Promise<void> {
  const endedAt = new Date(Date.now() - minutesAgo * 60_000);
  await identity.service.query(SAMPLES[table]?.insert ?? '', [ada.id, endedAt, mark]);
}

const exists = async (table: string, mark: string): Promise<boolean> => {
  const rows = await identity.service.query(`SELECT FROM ${table} WHERE ${SAMPLES[table]?.personal}`, [mark]);
  return rows.length > 0;
};

it('has a sample for each period of identity in docs/privacy.md', () => {
  expect([...documented.keys()].toSorted()).toEqual(Object.keys(SAMPLES).toSorted());
});

test.each(Object.keys(SAMPLES))(
  '%s: personal data is stored as long as docs/privacy.md states',
  async (table) => {
    const minutes = (documented.get(table) ?? NaN) * 24 * 60;
    await insertEnded(table, minutes - 5, `${table} kept`);
    await insertEnded(table, minutes + 5, `${table} deleted`);
    await identity.service.get(SessionJobs).purge();
    await identity.service.get(NotificationJobs).clear();
    await identity.service.get(ReportJobs).deleteTexts();
    expect(await exists(table, `${table} kept`)).toBe(true);
    expect(await exists(table, `${table} deleted`)).toBe(false);
  },
);
