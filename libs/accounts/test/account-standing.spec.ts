import { randomUUID } from 'node:crypto';
import { EntityManager, MikroORM, sql } from '@mikro-orm/postgresql';
import { Migrator } from '@mikro-orm/migrations';
import { Global, Module, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { EventBody, UserEvent } from '@roost/contracts';
import {
  connectEvents,
  EmbeddedBus,
  envelopeOf,
  EventConsumer,
  messagingMigrations,
  MessagingModule,
} from '@roost/messaging';
import { AccessTokens, type EndOfSession } from '@roost/http';
import { SystemClock } from '@roost/platform';
import { freshDatabase } from '@roost/testing';
import {
  accountIsActive,
  AccountStandingModule,
  inactiveAccounts,
  isActiveAccount,
  Migration0000AccountErasure,
  Migration0000AccountStanding,
  requireActiveAccount,
} from '../src/index.js';

let orm: MikroORM;
let app: INestApplication;
let endOfSession: EndOfSession;

beforeAll(async () => {
  orm = await MikroORM.init({
    clientUrl: await freshDatabase('accounts'),
    entities: [],
    extensions: [Migrator],
    discovery: { warnWhenNoEntities: false },
    migrations: {
      migrationsList: [...messagingMigrations, Migration0000AccountStanding, Migration0000AccountErasure],
      snapshot: false,
    },
    pool: { min: 0, max: 4 },
    logger: () => undefined,
  });
  await orm.migrator.up();
  await orm.em.execute('CREATE TABLE listing (id int PRIMARY KEY, host_id uuid NOT NULL)');

  const tokens = { rejectEndedSessions: (lookup: EndOfSession) => (endOfSession = lookup) };
  const providers = [
    { provide: MikroORM, useValue: orm },
    { provide: EntityManager, useValue: orm.em },
    { provide: AccessTokens, useValue: tokens },
    SystemClock,
  ];
  @Global()
  @Module({ providers, exports: providers })
  class DatabaseModule {}

  const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
  @Module({
    imports: [
      DatabaseModule,
      MessagingModule.forRoot({ service: 'listings', bus: new EmbeddedBus(), logger: silent }),
      AccountStandingModule,
    ],
  })
  class ServiceModule {}

  app = await NestFactory.create(ServiceModule, new FastifyAdapter(), { logger: false });
  connectEvents(app);
  await app.startAllMicroservices();
  await app.init();
});
afterAll(async () => {
  await app?.close();
  await orm?.close(true);
});

const em = () => orm.em.fork();

async function deliver(
  type: UserEvent,
  userId: string,
  version: number,
  status: EventBody<UserEvent>['status'],
): Promise<void> {
  const body = {
    userId,
    displayName: 'Ada',
    locale: 'en',
    roles: ['guest' as const],
    emailVerified: true,
    status,
  };
  const event = envelopeOf(type, body, { source: 'identity', version });
  expect(await app.get(EventConsumer).handle(event)).toBe('handled');
}

async function suspendedUser(): Promise<string> {
  const userId = randomUUID();
  await deliver('user.registered', userId, 1, 'active');
  await deliver('user.suspended', userId, 2, 'suspended');
  return userId;
}

describe('the standing of an account', () => {
  test('is active for a registered user', async () => {
    const userId = randomUUID();
    await deliver('user.registered', userId, 1, 'active');
    expect(await isActiveAccount(em(), userId)).toBe(true);
    await requireActiveAccount(em(), userId);
  });

  test('is active for an unknown user', async () => {
    const userId = randomUUID();
    expect(await isActiveAccount(em(), userId)).toBe(true);
    await requireActiveAccount(em(), userId);
  });

  test('is inactive for a suspended user, whose requests are rejected with account.suspended', async () => {
    const userId = await suspendedUser();
    expect(await isActiveAccount(em(), userId)).toBe(false);
    await expect(requireActiveAccount(em(), userId)).rejects.toMatchObject({ code: 'account.suspended' });
  });

  test('rejects the requests of an open session of a suspended user, until the account is reinstated', async () => {
    const id = await suspendedUser();
    const user = { id, sessionId: randomUUID(), roles: [], emailVerified: true, authTime: new Date() };
    expect(await endOfSession(user)).toBe('suspended');
    await deliver('user.reinstated', id, 3, 'active');
    expect(await endOfSession(user)).toBeNull();
  });

  test('is inactive for an erased user', async () => {
    const userId = randomUUID();
    await deliver('user.erased', userId, 4, 'erased');
    expect(await isActiveAccount(em(), userId)).toBe(false);
    await expect(requireActiveAccount(em(), userId)).rejects.toMatchObject({ code: 'account.suspended' });
  });

  test('is inactive for a user whom the service erases, also without an event of identity.user', async () => {
    const userId = randomUUID();
    await em().execute(sql`
      INSERT INTO account_erasure (user_id, request_id) VALUES (${userId}, ${randomUUID()})`);
    expect(await isActiveAccount(em(), userId)).toBe(false);
    expect(await inactiveAccounts(em(), [userId, randomUUID()])).toEqual(new Set([userId]));
    const user = {
      id: userId,
      sessionId: randomUUID(),
      roles: [],
      emailVerified: true,
      authTime: new Date(),
    };
    expect(await endOfSession(user)).toBe('ended');
  });

  test('is active again for a reinstated user', async () => {
    const userId = await suspendedUser();
    await deliver('user.reinstated', userId, 3, 'active');
    expect(await isActiveAccount(em(), userId)).toBe(true);
  });

  test.each([1, 2])('ignores version %d when version 2 is stored', async (version) => {
    const userId = await suspendedUser();
    await deliver('user.profile-changed', userId, version, 'active');
    expect(await isActiveAccount(em(), userId)).toBe(false);
  });

  test('is taken from any event of the user, since a compacted topic keeps only the last one', async () => {
    const userId = randomUUID();
    await deliver('user.profile-changed', userId, 7, 'suspended');
    expect(await isActiveAccount(em(), userId)).toBe(false);
  });
});

describe('an ended session', () => {
  const end = async (reason: string, millisToExpiry: number): Promise<string> => {
    const sessionId = randomUUID();
    const tokensExpireAt = new Date(Date.now() + millisToExpiry).toISOString();
    const event = envelopeOf(
      'session.ended',
      { sessionId, userId: randomUUID(), reason, tokensExpireAt },
      { source: 'identity' },
    );
    expect(await app.get(EventConsumer).handle(event)).toBe('handled');
    return sessionId;
  };

  const endOf = (sessionId: string, userId: string = randomUUID()) => {
    const user = { id: userId, sessionId, roles: [], emailVerified: true, authTime: new Date() };
    return endOfSession(user);
  };

  test('is that of a suspended account until the account is reinstated', async () => {
    const userId = await suspendedUser();
    const sessionId = await end('suspended', 600_000);
    expect(await endOf(sessionId, userId)).toBe('suspended');
    await deliver('user.reinstated', userId, 3, 'active');
    expect(await endOf(sessionId, userId)).toBe('ended');
    await deliver('user.suspended', userId, 4, 'suspended');
    expect(await endOf(sessionId, userId)).toBe('suspended');
  });

  test('is stored; other sessions are open', async () => {
    const sessionId = await end('logout', 600_000);
    expect(await endOf(sessionId)).toBe('ended');
    expect(await endOf(randomUUID())).toBeNull();
    expect(await endOf('not a uuid')).toBeNull();
  });

  test('is not stored, and is deleted, once its tokens have expired', async () => {
    const expired = await end('logout', -120_000);
    expect(await endOf(expired)).toBeNull();
    await em().execute(sql`
      INSERT INTO ended_session (session_id, reason, tokens_expire_at)
      VALUES ('old', 'logout', ${new Date(Date.now() - 120_000)})`);
    await end('revoked', 600_000);
    expect(await endOf('old')).toBeNull();
  });
});

test('inactiveAccounts returns the suspended and erased users of a list', async () => {
  const [suspended, erased, unknown] = [await suspendedUser(), randomUUID(), randomUUID()];
  await deliver('user.erased', erased, 2, 'erased');
  expect(await inactiveAccounts(em(), [suspended, unknown, erased])).toEqual(new Set([suspended, erased]));
  expect(await inactiveAccounts(em(), [])).toEqual(new Set());
});

test('accountIsActive filters the rows of a statement by a column or a value', async () => {
  const [suspended, unknown] = [await suspendedUser(), randomUUID()];
  await em().execute(sql`INSERT INTO listing (id, host_id) VALUES (1, ${suspended}), (2, ${unknown})`);
  expect(
    await em().execute(sql`SELECT id FROM listing l WHERE ${accountIsActive(sql.ref('l.host_id'))}`),
  ).toEqual([{ id: 2 }]);
  expect(
    await em().execute(sql`SELECT id FROM listing WHERE id = ${1} AND ${accountIsActive(unknown)}`),
  ).toEqual([{ id: 1 }]);
  expect(
    await em().execute(sql`SELECT id FROM listing WHERE id = ${2} AND ${accountIsActive(suspended)}`),
  ).toEqual([]);
});
