import { EntityManager } from '@mikro-orm/postgresql';
import { expectProblem } from '@roost/testing';
import { Session } from '../src/session/session.entity.js';
import { SessionService } from '../src/session/session.service.js';
import { type TestIdentity, type TestAccount, startIdentity } from './identity.fixture.js';

let identity: TestIdentity;
let ada: TestAccount;
beforeAll(async () => {
  identity = await startIdentity();
});
beforeEach(async () => {
  ada = await identity.createUser();
});
afterAll(() => identity.close());

const FRESH = 'a fresh password';
const change = (body: object) => identity.with(ada.accessToken).post('/v1/me/password', body);

describe('204', () => {
  it('changes the password, ends all other sessions and mails the owner', async () => {
    const other = await identity.logIn(ada.email, ada.password);
    const response = await change({ currentPassword: ada.password, newPassword: FRESH });
    expect(response.status).toBe(204);
    expect((await identity.with(ada.accessToken).get('/v1/me')).status).toBe(200);
    expect((await identity.refresh(ada.refreshToken)).status).toBe(200);
    expectProblem(await identity.refresh(other.body.refreshToken), 401, 'auth.refresh_invalid');
    expect((await identity.logIn(ada.email, ada.password)).status).toBe(401);
    expect((await identity.logIn(ada.email, FRESH)).status).toBe(200);
    expect((await identity.mailsTo(ada.email))[0]).toMatchObject({ template: 'password-changed' });
  });

  it('keeps its session, also for a request that is being authorized meanwhile', async () => {
    const { service } = identity;
    const [session] = await service.query<{ id: string }>('SELECT id FROM session WHERE user_id = $1', [
      ada.id,
    ]);
    const em = service.get(EntityManager).fork();
    const findOne = em.findOne.bind(em) as (...args: unknown[]) => Promise<never>;
    em.findOne = (async (entity: unknown, ...args: unknown[]) => {
      // The user has been read, their session has not.
      if (entity === Session) await change({ currentPassword: ada.password, newPassword: FRESH });
      return findOne(entity, ...args);
    }) as typeof em.findOne;
    const auth = { id: ada.id, sessionId: session?.id ?? '' } as Parameters<SessionService['requireUser']>[0];
    expect(await service.get(SessionService).requireUser(auth, em)).toMatchObject({ sessionEpoch: 1 });
  });

  it('revokes reset tokens', async () => {
    await identity.anonymous.post('/v1/auth/forgot-password', { email: ada.email });
    const token = await identity.mailedToken(ada.email, 'reset-password');
    await change({ currentPassword: ada.password, newPassword: FRESH });
    const response = await identity.anonymous.post('/v1/auth/reset-password', {
      token,
      password: 'third password',
    });
    expectProblem(response, 400, 'auth.link_invalid');
  });
});

describe('400', () => {
  it.each<[string, object, string]>([
    ['a short password', { newPassword: 'short' }, '/newPassword'],
    ['a password of 10,000 characters', { newPassword: 'ab'.repeat(5_000) }, '/newPassword'],
    ['a missing current password', { currentPassword: undefined }, '/currentPassword'],
    ['an unknown field', { userId: '019b0000-0000-7000-8000-000000000000' }, '/userId'],
  ])('rejects %s', async (_, part, pointer) => {
    const response = await change({ currentPassword: ada.password, newPassword: FRESH, ...part });
    expectProblem(response, 400, 'request.invalid', pointer);
  });
});

describe('403', () => {
  it('rejects a wrong current password', async () => {
    const response = await change({ currentPassword: 'not the password', newPassword: FRESH });
    expectProblem(response, 403, 'auth.wrong_password');
    expect((await identity.logIn(ada.email, ada.password)).status).toBe(200);
  });

  it('accepts one of two concurrent changes', async () => {
    const responses = await Promise.all(
      ['first new password', 'other new password'].map((newPassword) =>
        change({ currentPassword: ada.password, newPassword }),
      ),
    );
    expect(responses.map((response) => response.status).sort()).toEqual([204, 403]);
  });
});

describe('422', () => {
  it('rejects a common password', async () => {
    const response = await change({ currentPassword: ada.password, newPassword: 'password123' });
    expectProblem(response, 422, 'auth.password_too_common', '/newPassword');
  });
});
