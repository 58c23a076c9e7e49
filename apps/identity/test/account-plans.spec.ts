import type { EntityManager } from '@mikro-orm/postgresql';
import { queryPlans } from '@roost/testing';
import { listAccountLog } from '../src/account/account-log.queries.js';
import { User } from '../src/account/user.entity.js';
import { listIdentities } from '../src/oidc/oidc.queries.js';
import { listPasskeys } from '../src/passkey/passkey.queries.js';
import { deleteEndedBefore } from '../src/session/purge.queries.js';
import { findSessions } from '../src/session/session.queries.js';
import { startIdentity, type TestAccount, type TestIdentity } from './identity.fixture.js';

const USERS = 2_000;
const NOW = new Date('2027-05-12T16:00:00Z');
const page = { limit: 20 };

let identity: TestIdentity;
let ada: TestAccount;
beforeAll(async () => {
  identity = await startIdentity();
  ada = await identity.createUser();
  const { service } = identity;
  await service.query(
    `INSERT INTO user_account (id, version, email, display_name, locale, roles, status, created_at)
     SELECT uuidv7(), 1, md5(n::text) || '@example.com', 'Ada', 'en', '{guest}', 'active', $2
     FROM generate_series(1, $1::int) n`,
    [USERS, NOW],
  );
  await service.query(
    `INSERT INTO session (id, user_id, epoch, network, mfa_passed, auth_time, created_at, last_used_at, expires_at)
     SELECT uuidv7(), id, 0, '203.0.113/24', false, $1, $1, $1, timestamptz '2027-06-12T16:00:00Z'
     FROM user_account, generate_series(1, 10)`,
    [NOW],
  );
  await service.query(
    `INSERT INTO account_log_entry (id, user_id, at, action, actor, details)
     SELECT uuidv7(), id, timestamptz '2027-05-12T16:00:00Z' - n * interval '10 days', 'session.started', 'user', '{}'
     FROM user_account, generate_series(1, 40) n`,
  );
  await service.query(
    `INSERT INTO passkey (id, user_id, credential_id, public_key, sign_count, name, backed_up, transports, created_at)
     SELECT uuidv7(), id, md5(id::text || n::text), decode(md5(id::text), 'hex'), 0, 'Phone', false, '[]', $1
     FROM user_account, generate_series(1, 5) n`,
    [NOW],
  );
  await service.query(
    `INSERT INTO external_identity (id, user_id, issuer, subject, created_at, last_used_at)
     SELECT uuidv7(), id, 'https://provider' || n || '.example.com', id::text, $1, $1
     FROM user_account, generate_series(1, 5) n`,
    [NOW],
  );
  await service.query('ANALYZE');
}, 60_000);
afterAll(() => identity.close());

type Work = (em: EntityManager) => Promise<unknown>;

test.each<[string, string, Work]>([
  ['the log of an account', 'account_log_entry_newest', (em) => listAccountLog(em, ada.id, page)],
  [
    'one action in the log of an account',
    'account_log_entry_newest',
    (em) => listAccountLog(em, ada.id, { ...page, action: 'password.changed' }),
  ],
  [
    'expired entries of the log',
    'account_log_entry_age',
    (em) => deleteEndedBefore(em, 'account_log_entry', new Date('2026-04-10T00:00:00Z')),
  ],
  [
    'the sessions of a user',
    'session_active',
    async (em) => findSessions(em, await em.findOneOrFail(User, { id: ada.id }), NOW, page),
  ],
  ['the passkeys of a user', 'passkey_user', (em) => listPasskeys(em, ada.id, page)],
  [
    'the identities of a user',
    'external_identity_user_id_issuer_key',
    (em) => listIdentities(em, ada.id, page),
  ],
])('reads %s from an index', async (_, index, work) => {
  const plan = await queryPlans(
    identity.service,
    /from "?(account_log_entry|session|passkey|external_identity)/i,
    work,
  );
  expect(plan).toContain(index);
  expect(plan).not.toMatch(/Seq Scan/);
});
