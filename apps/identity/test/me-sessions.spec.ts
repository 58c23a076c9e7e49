import { expectProblem } from '@roost/testing';
import { claimsOf, type Identity, type Person, startIdentity } from './identity.js';

let identity: Identity;
let ada: Person;
beforeAll(async () => {
  identity = await startIdentity();
});
beforeEach(async () => {
  ada = await identity.person();
});
afterAll(() => identity.close());

interface SessionBody {
  id: string;
  userAgent: string | null;
  current: boolean;
}
interface SessionPage extends Record<string, unknown> {
  data: SessionBody[];
  nextCursor: string | null;
}

const list = (query = '') => identity.with(ada.accessToken).get<SessionPage>(`/v1/me/sessions${query}`);
const revoke = (id: string, person = ada) =>
  identity.with(person.accessToken).delete(`/v1/me/sessions/${id}`);
const sidOf = (accessToken: string) => claimsOf(accessToken).sid;

describe('GET /v1/me/sessions 200', () => {
  it('lists live sessions, the latest first, and marks the present one', async () => {
    const phone = await identity.anyone
      .with({ 'user-agent': 'Phone/1.0' })
      .post<Person & Record<string, unknown>>('/v1/auth/login', { email: ada.email, password: ada.password });
    const { status, body } = await list();
    expect(status).toBe(200);
    expect(body.nextCursor).toBeNull();
    expect(body.data.map(({ id, current }) => [id, current])).toEqual([
      [sidOf(phone.body.accessToken), false],
      [sidOf(ada.accessToken), true],
    ]);
    expect(body.data[0]?.userAgent).toBe('Phone/1.0');
  });

  it('pages through them', async () => {
    for (let i = 0; i < 4; i++) await identity.logIn(ada.email, ada.password);
    const seen: string[] = [];
    let query = '?limit=2';
    for (let pages = 0; pages < 3; pages++) {
      const { body } = await list(query);
      seen.push(...body.data.map((session) => session.id));
      query = `?limit=2&cursor=${body.nextCursor ?? ''}`;
      expect(body.nextCursor === null).toBe(pages === 2);
    }
    expect(new Set(seen).size).toBe(5);
  });

  it('shows nobody else’s', async () => {
    const bob = await identity.person();
    const { body } = await list();
    expect(body.data.map((session) => session.id)).not.toContain(sidOf(bob.accessToken));
  });
});

describe('GET /v1/me/sessions 400', () => {
  it.each([
    ['?limit=0', 'limit'],
    ['?limit=101', 'limit'],
    ['?limit=ten', 'limit'],
    ['?cursor=nonsense', 'cursor'],
    ['?user=all', 'user'],
  ])('%s', async (query, parameter) => {
    expectProblem(await list(query), 400, 'request.invalid', parameter);
  });
});

describe('DELETE /v1/me/sessions/{id} 204', () => {
  it('ends that session at once and no other', async () => {
    const { body: other } = await identity.logIn(ada.email, ada.password);
    expect((await revoke(sidOf(other.accessToken))).status).toBe(204);
    expectProblem(await identity.refresh(other.refreshToken), 401, 'auth.refresh_invalid');
    expectProblem(await identity.with(other.accessToken).get('/v1/me'), 401, 'auth.invalid_token');
    expect((await list()).body.data.map((session) => session.id)).toEqual([sidOf(ada.accessToken)]);
    expect((await identity.refresh(ada.refreshToken)).status).toBe(200);
  });
});

describe('DELETE /v1/me/sessions/{id} 400', () => {
  it('an id that is none', async () => {
    expectProblem(await revoke('1'), 400, 'request.invalid', 'id');
  });
});

describe('DELETE /v1/me/sessions/{id} 404', () => {
  it('somebody else’s, and it goes on', async () => {
    const bob = await identity.person();
    expectProblem(await revoke(sidOf(bob.accessToken)), 404, 'session.not_found');
    expect((await identity.refresh(bob.refreshToken)).status).toBe(200);
  });

  it('one that has ended, and one that never was', async () => {
    const { body: other } = await identity.logIn(ada.email, ada.password);
    await revoke(sidOf(other.accessToken));
    expectProblem(await revoke(sidOf(other.accessToken)), 404, 'session.not_found');
    expectProblem(await revoke('019b0000-0000-7000-8000-000000000000'), 404, 'session.not_found');
  });
});
