import 'reflect-metadata';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { AccessGuard, type AuthUser, OptionalUser, Roles } from '@roost/http';
import { Problem } from '@roost/platform';
import { BatchLoader, type GraphqlContext } from './batch-loader.js';
import { BatchedEdge, Reference, Resolver } from './decorators.js';
import { metadataOf } from './resolver-metadata.js';

const Note = z.object({ id: z.uuid(), text: z.string() }).meta({ id: 'BatchedNote' });
type Note = z.output<typeof Note>;
const calls: unknown[][] = [];

@Resolver(Note)
class Notes {
  @OptionalUser()
  @Reference(Note)
  async visible(ids: readonly string[], user: AuthUser | null): Promise<Note[]> {
    calls.push(['visible', [...ids], user?.id ?? null]);
    return ids
      .filter((id) => !id.endsWith('0'))
      .map((id) => ({ id, text: `note ${id}` }))
      .reverse();
  }
  @BatchedEdge(z.string(), { args: { length: z.int().max(10).default(3) } })
  async start(
    notes: readonly Note[],
    _user: AuthUser | null,
    { length }: { length: number },
  ): Promise<string[]> {
    calls.push(['start', notes.length, length]);
    return notes.map(({ text }) => text.slice(0, length));
  }
  @Roles('admin')
  @BatchedEdge(z.string())
  async secret(notes: readonly Note[]): Promise<string[]> {
    return notes.map(() => 'x');
  }
}

@Resolver(Note)
class PrivateNotes {
  @Reference(Note)
  async mine(ids: readonly string[]): Promise<Note[]> {
    return ids.map((id) => ({ id, text: '' }));
  }
}

const loader = new BatchLoader(new AccessGuard(null as never, null as never));
const notes = new Notes();
const field = (name: string) => {
  const found = metadataOf(Notes)?.fields.find((it) => it.name === name);
  if (!found) throw new Error(name);
  return found;
};
const contextOf = (user: Partial<AuthUser> | null = null) =>
  ({ req: { roost: { user } } as unknown as FastifyRequest }) satisfies GraphqlContext;
const id = (end: string) => `0198c0de-0000-7000-8000-0000000000${end}`;

beforeEach(() => calls.splice(0));

describe('references', () => {
  const load = loader.reference(notes, 'visible');

  test('of one request are loaded in one call; a missing entity is null', async () => {
    const context = contextOf({ id: 'ada' });
    const requested = [id('11'), id('10'), id('12'), id('11'), id('11').toUpperCase(), 'no id'];
    const found = await Promise.all(requested.map((one) => load({ id: one }, context)));
    expect(found.map((note) => (note as Note | null)?.id ?? null)).toEqual([
      id('11'),
      null,
      id('12'),
      id('11'),
      id('11'),
      null,
    ]);
    expect(calls).toEqual([['visible', [id('11'), id('10'), id('12')], 'ada']]);
  });

  test('of different requests are loaded in separate calls, because permissions differ', async () => {
    await Promise.all([
      load({ id: id('11') }, contextOf({ id: 'ada' })),
      load({ id: id('11') }, contextOf({ id: 'ben' })),
    ]);
    expect(calls.map(([, , who]) => who)).toEqual(['ada', 'ben']);
  });

  test('are loaded again after a mutation', async () => {
    const context = contextOf();
    await load({ id: id('11') }, context);
    await load({ id: id('11') }, context);
    expect(calls).toHaveLength(1);
    loader.clear(context);
    await load({ id: id('11') }, context);
    expect(calls).toHaveLength(2);
  });

  test('require a token by default', async () => {
    const mine = loader.reference(new PrivateNotes(), 'mine');
    await expect(mine({ id: id('11') }, contextOf())).rejects.toMatchObject({ code: 'auth.missing_token' });
    await expect(mine({ id: id('11') }, contextOf({ id: 'ada', roles: [] }))).resolves.toMatchObject({
      id: id('11'),
    });
  });
});

describe('edges', () => {
  const start = loader.edge(notes, field('start'));
  const parents = ['11', '12', '13'].map((end) => ({ id: id(end), text: 'abcdefgh' }));

  test('of all parents are loaded in one call per set of arguments', async () => {
    const context = contextOf();
    const values = await Promise.all([
      ...parents.map((parent) => start(parent, {}, context)),
      ...parents.map((parent) => start(parent, { length: 5 }, context)),
    ]);
    expect(values).toEqual(['abc', 'abc', 'abc', 'abcde', 'abcde', 'abcde']);
    expect(calls).toEqual([
      ['start', 3, 3],
      ['start', 3, 5],
    ]);
  });

  test('validate their arguments', async () => {
    await expect(start(parents[0] as Note, { length: 11 }, contextOf())).rejects.toBeInstanceOf(Problem);
  });

  test('have the access rule of the parent, unless they have their own', async () => {
    const secret = loader.edge(notes, field('secret'));
    const parent = parents[0] as Note;
    await expect(secret(parent, {}, contextOf())).rejects.toMatchObject({ code: 'auth.missing_token' });
    await expect(secret(parent, {}, contextOf({ id: 'ada', roles: ['guest'] }))).rejects.toMatchObject({
      code: 'auth.forbidden',
    });
    await expect(secret(parent, {}, contextOf({ id: 'eve', roles: ['admin'] }))).resolves.toBe('x');
  });
});
