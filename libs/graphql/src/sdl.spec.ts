import 'reflect-metadata';
import { z } from 'zod';
import { IsoDate, Instant, Uuid } from '@roost/http';
import { Connection, First, After } from './connection.js';
import { Arg, BatchedEdge, Edge, Mutation, Query, Reference, Resolver } from './decorators.js';
import { Foreign } from './entity.js';
import { metadataOf, type ResolverMetadata } from './resolver-metadata.js';
import { subgraphOf } from './sdl.js';

/** The schema without what every schema begins with, on one line. */
function sdlOf(...classes: object[]): string {
  const metadata = classes.map((it) => metadataOf(it) as ResolverMetadata);
  const { sdl } = subgraphOf(metadata);
  return sdl
    .replace(/^extend schema .*\n/, '')
    .replace(/\s+/g, ' ')
    .trim();
}

/** What a field of this shape becomes in an answer. */
function asAnswer(shape: z.ZodType, field = 'value'): string {
  const Thing = z.object({ [field]: shape }).meta({ id: 'Thing' });
  const metadata = { entity: null, reference: null, fields: [] as ResolverMetadata['fields'] };
  metadata.fields.push({ kind: 'Query', name: 'thing', args: {}, returns: Thing, batched: false });
  const { sdl } = subgraphOf([metadata]);
  return new RegExp(`\\n  ${field}: (.*)\\n`).exec(sdl)?.[1] ?? sdl;
}

/** What it becomes as an argument. */
function asArgument(shape: z.ZodType, name = 'value'): string {
  const { sdl } = subgraphOf([
    {
      entity: null,
      reference: null,
      fields: [
        { kind: 'Query', name: 'thing', args: { [name]: shape }, returns: z.boolean(), batched: false },
      ],
    },
  ]);
  return new RegExp(`thing\\(${name}: (.*)\\): Boolean\\n`).exec(sdl)?.[1] ?? sdl;
}

const Colour = z.enum(['red', 'light_blue']).meta({ id: 'Colour' });
const Point = z.strictObject({ lat: z.number(), lng: z.number() }).meta({ id: 'Point' });

describe('types of answers', () => {
  test.each<[string, z.ZodType, string]>([
    ['text', z.string(), 'String!'],
    ['a trimmed text', z.string().trim().min(1), 'String!'],
    ['an id', Uuid, 'ID!'],
    ['a date', IsoDate, 'Date!'],
    ['an instant', Instant, 'DateTime!'],
    ['a whole number', z.int(), 'Int!'],
    ['a whole number with limits', z.int().min(1).max(100), 'Int!'],
    ['a whole number said the other way', z.number().int(), 'Int!'],
    ['a number', z.number().min(0).multipleOf(0.5), 'Float!'],
    ['yes or no', z.boolean(), 'Boolean!'],
    ['something that may be null', z.string().nullable(), 'String'],
    ['something that may be missing', z.string().optional(), 'String'],
    ['something with a default is always there', z.int().default(3), 'Int!'],
    ['what a pipe gives', z.string().pipe(z.coerce.number<string>().int()), 'Int!'],
    ['a list', z.array(z.string()), '[String!]!'],
    ['a list with holes that may be missing', z.array(z.string().nullable()).optional(), '[String]'],
    ['a named enum', Colour, 'Colour!'],
    ['a nameless enum, called after its place', z.enum(['a', 'b']), 'ThingValue!'],
    ['an enum that GraphQL could not name', z.enum(['check-in', 'hold']), 'String!'],
    ['a named object', Point, 'Point!'],
    ['a nameless object, called after its place', z.object({ a: z.string() }), 'ThingValue!'],
    ['data as names', z.record(z.string(), z.int()), 'JSON!'],
  ])('%s', (_, shape, type) => {
    expect(asAnswer(shape)).toBe(type);
  });

  test.each([['totalMinor'], ['priceMinor']])('%s is money: more than 32 bits', (field) => {
    expect(asAnswer(z.int(), field)).toBe('Minor!');
    expect(asAnswer(z.int().nullable(), field)).toBe('Minor');
  });

  test('a field that is always null is left out', () => {
    const shape = z.object({ a: z.string(), never: z.null() });
    const { sdl } = subgraphOf([
      {
        entity: null,
        reference: null,
        fields: [{ kind: 'Query', name: 'thing', args: {}, returns: shape, batched: false }],
      },
    ]);
    expect(sdl).toContain('type QueryThing {\n  a: String!\n}');
  });

  test.each([
    ['a union', z.union([z.string(), z.int()])],
    ['a tuple', z.tuple([z.string()])],
  ])('%s is refused when the service starts', (_, shape) => {
    expect(() => asAnswer(shape)).toThrow(/has no GraphQL type/);
  });
});

describe('types of arguments', () => {
  test.each<[string, z.ZodType, string]>([
    ['what must be given', z.string(), 'String!'],
    ['what may be left out', z.string().optional(), 'String'],
    ['a default, also for null', z.int().min(1).default(20), 'Int = 20'],
    ['a default of an enum, as it is written', Colour.default('light_blue'), 'Colour = light_blue'],
    ['a default list', z.array(Colour).default(['red']), '[Colour!] = [red]'],
    ['what a pipe takes', z.string().pipe(z.coerce.number<string>().int()), 'String!'],
    ['an object', Point, 'PointInput!'],
    ['paging', First, 'Int = 20'],
    ['a cursor', After, 'String'],
  ])('%s', (_, shape, type) => {
    expect(asArgument(shape)).toBe(type);
  });
});

describe('a resolver class', () => {
  const User = Foreign('User');
  const Note = z.object({ id: Uuid, text: z.string() }).meta({ id: 'Note', description: 'A short text' });
  type Note = z.output<typeof Note>;
  const WriteNote = z.strictObject({ text: z.string() }).meta({ id: 'WriteNote' });

  @Resolver(Note)
  class NoteResolver {
    @Query(Connection(Note), { description: 'Yours' })
    notes(@Arg('first', First) _first: number, @Arg('after', After) _after: string | undefined) {
      return { edges: [], pageInfo: { hasNextPage: false, endCursor: null } };
    }
    @Mutation(Note)
    writeNote(@Arg('input', WriteNote) input: z.output<typeof WriteNote>): Note {
      return { id: '', ...input };
    }
    @Reference(Note)
    async visible(ids: readonly string[]): Promise<Note[]> {
      return ids.map((id) => ({ id, text: '' }));
    }
    @Edge(User.nullable())
    owner() {
      return null;
    }
  }

  @Resolver(User)
  class UserNotesResolver {
    @BatchedEdge(z.int().nullable(), { args: { since: IsoDate.optional() } })
    async noteCount(users: readonly unknown[]): Promise<number[]> {
      return users.map(() => 0);
    }
  }

  test('becomes types, edges, entities and roots', () => {
    const sdl = sdlOf(NoteResolver, UserNotesResolver);
    expect(sdl).toContain(
      '"A short text" type Note @key(fields: "id") { id: ID! text: String! owner: User }',
    );
    expect(sdl).toContain('type User @key(fields: "id") { id: ID! noteCount(since: Date): Int }');
    expect(sdl).toContain('type NoteConnection { edges: [NoteEdge!]! pageInfo: PageInfo! }');
    expect(sdl).toContain('type PageInfo @shareable {');
    expect(sdl).toContain('type Query { "Yours" notes(first: Int = 20, after: String): NoteConnection }');
    expect(sdl).toContain('input WriteNoteInput { text: String! }');
    expect(sdl).toContain('type Mutation { writeNote(input: WriteNoteInput!): Note }');
  });

  test('root fields are nullable: one that is refused leaves the others their answers', () => {
    expect(sdlOf(NoteResolver)).not.toMatch(/type (Query|Mutation) \{[^}]*!( |\})[^}]*:[^}]*Note!/);
  });

  test('an entity that is only pointed at is resolved elsewhere', () => {
    expect(sdlOf(NoteResolver)).toContain('type User @key(fields: "id", resolvable: false) { id: ID! }');
  });

  test('an edge to or at another service must be nullable', () => {
    @Resolver(Note)
    class ToOthers {
      @Edge(User)
      owner() {
        return { id: '' };
      }
    }
    @Resolver(User)
    class AtOthers {
      @Edge(z.string())
      motto() {
        return '';
      }
    }
    expect(() => sdlOf(ToOthers)).toThrow('Note.owner leads to another service: it must be nullable');
    expect(() => sdlOf(AtOthers)).toThrow(
      'User.motto belongs to an entity of another service: it must be nullable',
    );
  });

  test('two shapes of one name are refused', () => {
    const Other = z.object({ id: Uuid }).meta({ id: 'Note' });
    @Resolver()
    class Others {
      @Query(Other)
      other() {
        return { id: '' };
      }
    }
    expect(() => sdlOf(NoteResolver, Others)).toThrow('Two schemas have the GraphQL name Note');
  });

  test('the compiler refuses what does not fit', () => {
    class Misfits {
      // @ts-expect-error the schema gives a number, the parameter takes a text
      @Query(z.string()) wrongArgument(@Arg('first', First) first: string): string {
        return first;
      }
      // @ts-expect-error the method returns a number, the schema says text
      @Query(z.string()) wrongAnswer(): number {
        return 1;
      }
      // @ts-expect-error an answer for each parent, in a list
      @BatchedEdge(z.string()) async wrongBatch(): Promise<string> {
        return '';
      }
    }
    expect(metadataOf(Misfits)?.fields).toHaveLength(3);
  });
});
