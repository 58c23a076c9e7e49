import 'reflect-metadata';
import { z } from 'zod';
import { IsoDate, Instant, Uuid } from '@roost/http';
import { Connection, First, After } from './connection.js';
import { Arg, BatchedEdge, Edge, Mutation, Query, Reference, Resolver } from './decorators.js';
import { ExternalEntity } from './entity.js';
import { metadataOf, type ResolverMetadata } from './resolver-metadata.js';
import { subgraphOf } from './sdl.js';

/** The schema on one line, without the link to the federation specification. */
function sdlOf(...classes: object[]): string {
  const metadata = classes.map((it) => metadataOf(it) as ResolverMetadata);
  const { sdl } = subgraphOf(metadata);
  return sdl
    .replace(/^extend schema .*\n/, '')
    .replace(/\s+/g, ' ')
    .trim();
}

/** The GraphQL type of a response field with this schema. */
function asOutput(shape: z.ZodType, field = 'value'): string {
  const Thing = z.object({ [field]: shape }).meta({ id: 'Thing' });
  const metadata = { entity: null, reference: null, fields: [] as ResolverMetadata['fields'] };
  metadata.fields.push({ kind: 'Query', name: 'thing', args: {}, returns: Thing, batched: false });
  const { sdl } = subgraphOf([metadata]);
  return new RegExp(`\\n  ${field}: (.*)\\n`).exec(sdl)?.[1] ?? sdl;
}

/** The GraphQL type of an argument with this schema. */
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

describe('response types', () => {
  test.each<[string, z.ZodType, string]>([
    ['text', z.string(), 'String!'],
    ['a trimmed text', z.string().trim().min(1), 'String!'],
    ['an id', Uuid, 'ID!'],
    ['a date', IsoDate, 'Date!'],
    ['an instant', Instant, 'DateTime!'],
    ['a whole number', z.int(), 'Int!'],
    ['a whole number with limits', z.int().min(1).max(100), 'Int!'],
    ['a number that must be whole', z.number().int(), 'Int!'],
    ['a number', z.number().min(0).multipleOf(0.5), 'Float!'],
    ['a boolean', z.boolean(), 'Boolean!'],
    ['a nullable value', z.string().nullable(), 'String'],
    ['an optional value', z.string().optional(), 'String'],
    ['a value with a default', z.int().default(3), 'Int!'],
    ['the output of a pipe', z.string().pipe(z.coerce.number<string>().int()), 'Int!'],
    ['a list', z.array(z.string()), '[String!]!'],
    ['an optional list with nullable items', z.array(z.string().nullable()).optional(), '[String]'],
    ['a named enum', Colour, 'Colour!'],
    ['an enum without a name, named after its field', z.enum(['a', 'b']), 'ThingValue!'],
    ['an enum with values that GraphQL does not allow', z.enum(['check-in', 'hold']), 'String!'],
    ['a named object', Point, 'Point!'],
    ['an object without a name, named after its field', z.object({ a: z.string() }), 'ThingValue!'],
    ['a record', z.record(z.string(), z.int()), 'JSON!'],
  ])('%s', (_, shape, type) => {
    expect(asOutput(shape)).toBe(type);
  });

  test.each([['totalMinor'], ['priceMinor']])('%s is an amount of money with 64 bits', (field) => {
    expect(asOutput(z.int(), field)).toBe('Minor!');
    expect(asOutput(z.int().nullable(), field)).toBe('Minor');
  });

  test('a field that is always null is omitted', () => {
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
  ])('rejects %s when the service starts', (_, shape) => {
    expect(() => asOutput(shape)).toThrow(/has no GraphQL type/);
  });
});

describe('argument types', () => {
  test.each<[string, z.ZodType, string]>([
    ['a required value', z.string(), 'String!'],
    ['an optional value', z.string().optional(), 'String'],
    ['a default, nullable', z.int().min(1).default(20), 'Int = 20'],
    ['a default of an enum', Colour.default('light_blue'), 'Colour = light_blue'],
    ['a default list', z.array(Colour).default(['red']), '[Colour!] = [red]'],
    ['the input of a pipe', z.string().pipe(z.coerce.number<string>().int()), 'String!'],
    ['an object', Point, 'PointInput!'],
    ['paging', First, 'Int = 20'],
    ['a cursor', After, 'String'],
  ])('%s', (_, shape, type) => {
    expect(asArgument(shape)).toBe(type);
  });
});

describe('a resolver class', () => {
  const User = ExternalEntity('User');
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

  test('defines types, edges, entities and root fields', () => {
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

  test('root fields are nullable, so that an error of one does not null the others', () => {
    expect(sdlOf(NoteResolver)).not.toMatch(/type (Query|Mutation) \{[^}]*!( |\})[^}]*:[^}]*Note!/);
  });

  test('an entity that is only referenced is not resolvable here', () => {
    expect(sdlOf(NoteResolver)).toContain('type User @key(fields: "id", resolvable: false) { id: ID! }');
  });

  test('an edge that crosses services must be nullable', () => {
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

  test('rejects two schemas with one name', () => {
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

  test('a schema that does not fit does not compile', () => {
    class Misfits {
      // @ts-expect-error the schema has a number, the parameter a string
      @Query(z.string()) wrongArgument(@Arg('first', First) first: string): string {
        return first;
      }
      // @ts-expect-error the method returns a number, the schema has a string
      @Query(z.string()) wrongResult(): number {
        return 1;
      }
      // @ts-expect-error the result must be a list with one value per parent
      @BatchedEdge(z.string()) async wrongBatch(): Promise<string> {
        return '';
      }
    }
    expect(metadataOf(Misfits)?.fields).toHaveLength(3);
  });
});
