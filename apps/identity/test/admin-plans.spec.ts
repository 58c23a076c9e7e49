import { randomUUID } from 'node:crypto';
import type { EntityManager } from '@mikro-orm/postgresql';
import { listAdminActions, toAuditLogEntry } from '@roost/audit';
import { largestSortRows, queryPlans } from '@roost/testing';
import type { AdminMailsQuery } from '../src/mail-admin/mail-admin.dto.js';
import { listMails } from '../src/mail-admin/mail-admin.queries.js';
import type { AdminReportsQuery } from '../src/report/report.dto.js';
import { listReports, reportOverLimit } from '../src/report/report.queries.js';
import { findSuspensions, listUsers } from '../src/user-admin/user-admin.queries.js';
import { startIdentity, type TestIdentity } from './identity.fixture.js';

const USERS = 20_000;
const limit = 20;
const adminId = randomUUID();
const cursor = Buffer.from(JSON.stringify(['2027-05-12T16:00:00.000Z', randomUUID()])).toString('base64url');

let identity: TestIdentity;
beforeAll(async () => {
  identity = await startIdentity();
  const { service } = identity;
  // Most users are active guests. A few are suspended or administrators.
  await service.query(
    `INSERT INTO user_account (id, version, email, display_name, locale, roles, status, created_at)
     SELECT uuidv7(), 1, md5(n::text) || '@example.com', md5((-n)::text), 'en',
       CASE WHEN n % 900 = 0 THEN '{guest,admin}' ELSE '{guest}' END::text[],
       CASE WHEN n % 700 = 0 THEN 'suspended' ELSE 'active' END,
       timestamptz '2027-05-12T16:00:00Z' - n * interval '1 minute'
     FROM generate_series(1, $1::int) n`,
    [USERS],
  );
  await service.query(
    `INSERT INTO admin_action (id, at, admin_id, action, subject_type, subject_id, details)
     SELECT uuidv7(), created_at, gen_random_uuid(),
       CASE WHEN status = 'suspended' THEN 'user.suspend' ELSE 'user.read' END, 'user', id, '{}' FROM user_account`,
  );
  // Most reports are decided.
  await service.query(
    `INSERT INTO report (id, reporter_id, subject_type, subject_id, owner_id, reason, content, status, created_at, decided_at)
     SELECT uuidv7(), gen_random_uuid(), 'user', id, id, 'scam', '{}', CASE WHEN n % 100 = 0 THEN 'open' ELSE 'dismissed' END,
       created_at, CASE WHEN n % 100 <> 0 THEN created_at END
     FROM (SELECT *, row_number() OVER () AS n FROM user_account) u`,
  );
  // Most mails were sent.
  await service.query(
    `INSERT INTO mail (id, recipient, template, subject, text, html, about, created_at, sent_at, given_up_at, next_attempt_at)
     SELECT uuidv7(), email, 'password-changed', '', '', '', ARRAY[id], created_at,
       CASE WHEN n % 500 > 1 THEN created_at END, CASE WHEN n % 500 = 0 THEN created_at END,
       CASE WHEN n % 500 = 1 THEN timestamptz '2999-01-01' END
     FROM (SELECT *, row_number() OVER () AS n FROM user_account) u`,
  );
  await service.query('ANALYZE');
}, 60_000);
afterAll(() => identity.close());

type Work = (em: EntityManager) => Promise<unknown>;
const log =
  (query: object): Work =>
  (em) =>
    listAdminActions(em, { limit, ...query }, toAuditLogEntry);

const reports =
  (query: Partial<AdminReportsQuery>): Work =>
  (em) =>
    listReports(em, { limit, status: 'dismissed', ...query });

const mails =
  (query: Partial<AdminMailsQuery>): Work =>
  (em) =>
    listMails(em, { limit, ...query });
const mailCursor = Buffer.from(JSON.stringify([adminId])).toString('base64url');

test.each<[string, string, Work]>([
  ['the newest mails', 'mail_pkey', mails({})],
  ['a later page of mails', 'mail_pkey', mails({ cursor: mailCursor })],
  ['the mail of an id', 'mail_pkey', mails({ id: adminId })],
  ['mails to an address', 'mail_recipient', mails({ recipient: 'a@example.com' })],
  ['mails to a user', 'mail_about', mails({ userId: adminId })],
  ['mails that were given up', 'mail_given_up', mails({ state: 'given_up' })],
  ['mails that wait', 'mail_due', mails({ state: 'waiting' })],
  ['sent mails', 'mail_pkey', mails({ state: 'sent' })],
  ['the oldest open reports', 'report_queue', reports({ status: 'open' })],
  ['a later page of decided reports', 'report_queue', reports({ cursor })],
  ['reports about the subjects of a user', 'report_owner', reports({ ownerId: adminId })],
  ['reports about a subject', 'report_subject', reports({ subjectId: adminId })],
  ['reports of a reporter', 'report_reporter', reports({ reporterId: adminId })],
  [
    'the last reports of a reporter',
    'report_reporter',
    (em) => reportOverLimit(em, adminId, 20, new Date('2027-01-01T00:00:00Z')),
  ],
  ['the newest users', 'user_account_newest', (em) => listUsers(em, { limit })],
  ['a later page of users', 'user_account_newest', (em) => listUsers(em, { limit, cursor })],
  ['the user of an id', 'user_account_pkey', (em) => listUsers(em, { limit, id: adminId })],
  [
    'the user of an address',
    'user_account_email_key',
    (em) => listUsers(em, { limit, email: 'a@example.com' }),
  ],
  ['users of a phone number', 'user_account_phone', (em) => listUsers(em, { limit, phone: '+12025550123' })],
  ['users by a prefix: mail', 'user_account_email_prefix', (em) => listUsers(em, { limit, q: 'Ada@exa' })],
  ['users by a prefix: name', 'user_account_name_prefix', (em) => listUsers(em, { limit, q: 'Ada L' })],
  ['suspended users', 'user_account_inactive', (em) => listUsers(em, { limit, status: 'suspended' })],
  ['administrators', 'user_account_administrators', (em) => listUsers(em, { limit, role: 'admin' })],
  ['suspensions of a user', 'admin_action_subject', (em) => findSuspensions(em, randomUUID(), limit)],
  ['the audit log', 'admin_action_newest', log({})],
  ['the audit log of an administrator', 'admin_action_admin', log({ adminId })],
  ['the audit log of a rare action', 'admin_action_action', log({ action: 'user.suspend' })],
  ['the audit log of a subject', 'admin_action_subject', log({ subjectId: adminId })],
])('reads %s from an index', async (_, index, work) => {
  const plan = await queryPlans(identity.service, /from (user_account|admin_action|report|mail)/i, work);
  expect(plan).toContain(index);
  expect(plan).not.toMatch(/Seq Scan/);
  // A selection of a few rows may be sorted.
  expect(largestSortRows(plan)).toBeLessThanOrEqual(60);
});
