import type { GraphQLScalarType } from 'graphql';
import { z } from 'zod';
import { isShareable } from './connection.js';
import { isForeign } from './entity.js';
import { descriptionOf, nameOf } from './names.js';
import { type ResolverMetadata, type ResolverField } from './resolver-metadata.js';
import { type ScalarName, scalars } from './scalars.js';

/** Nest's default, v2.14, is newer than what the gateway composes. */
const FEDERATION =
  'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable"])';

const GRAPHQL_NAME = /^(?!__)[_A-Za-z][_0-9A-Za-z]*$/;

type Way = 'input' | 'output';

export interface Subgraph {
  sdl: string;
  scalars: Record<string, GraphQLScalarType>;
}

/** The federated schema that the resolvers of one service stand for, made of the shapes that they name. */
export function subgraphOf(resolvers: readonly ResolverMetadata[]): Subgraph {
  return new SubgraphWriter(resolvers).write();
}

class SubgraphWriter {
  readonly #types = new Map<string, { text: string; schema: unknown; way: Way | null }>();
  readonly #edges = new Map<string, ResolverField[]>();
  readonly #resolvable = new Set<string>();
  readonly #entities = new Set<z.core.$ZodType>();
  readonly #scalars: Record<string, GraphQLScalarType> = {};

  constructor(private readonly resolvers: readonly ResolverMetadata[]) {
    for (const { entity, fields, reference } of resolvers) {
      if (!entity) continue;
      const name = required(entity);
      this.#entities.add(entity);
      const edges = fields.filter(({ kind }) => kind === 'Edge');
      this.#edges.set(name, [...(this.#edges.get(name) ?? []), ...edges]);
      if (reference || (isForeign(entity) && edges.length > 0)) this.#resolvable.add(name);
      for (const edge of edges) refuseFragile(name, entity, edge);
    }
  }

  write(): Subgraph {
    for (const entity of this.#entities) this.#named(entity as z.ZodType, 'output', '');
    const roots = [this.#root('Query'), this.#root('Mutation')].filter((root) => root !== null);
    const types = [...this.#types.values()].map(({ text }) => text);
    return { sdl: `${[FEDERATION, ...types, ...roots].join('\n\n')}\n`, scalars: this.#scalars };
  }

  #root(kind: 'Query' | 'Mutation'): string | null {
    const fields = this.resolvers.flatMap((resolver) => resolver.fields.filter((it) => it.kind === kind));
    if (fields.length === 0) return null;
    const lines = fields.map((field) => this.#field(field, kind));
    return `type ${kind} {\n${lines.join('\n')}\n}`;
  }

  #field(field: ResolverField, owner: string): string {
    const args = Object.entries(field.args).map(([name, schema]) => {
      const place = `${owner}${capital(field.name)}${capital(name)}`;
      return `${name}: ${this.#reference(schema, 'input', name, place)}`;
    });
    const type = this.#reference(field.returns, 'output', field.name, `${owner}${capital(field.name)}`);
    // One refused or unreachable root field must not take the others along.
    const shown = field.kind === 'Edge' ? type : type.replace(/!$/, '');
    const parameters = args.length > 0 ? `(${args.join(', ')})` : '';
    return `${doc(field.description, '  ')}  ${field.name}${parameters}: ${shown}`;
  }

  /** The type of a field or an argument, with `!` and, for an argument, its default. */
  #reference(schema: z.core.$ZodType, way: Way, field: string, place: string): string {
    let nullable = false;
    let fallback = '';
    let inner = schema as z.core.$ZodTypes;
    for (;;) {
      const { def } = inner._zod;
      if (def.type === 'optional' || def.type === 'nullable') {
        nullable = true;
        inner = def.innerType as z.core.$ZodTypes;
      } else if (def.type === 'default' || def.type === 'prefault') {
        if (way === 'input') {
          // Nullable: clients that send null for what they leave out get the default, too.
          nullable = true;
          fallback = ` = ${literal(def.defaultValue, def.innerType)}`;
        }
        inner = def.innerType as z.core.$ZodTypes;
      } else if (def.type === 'readonly' || def.type === 'nonoptional') {
        inner = def.innerType as z.core.$ZodTypes;
      } else if (def.type === 'pipe') {
        inner = (way === 'input' ? def.in : def.out) as z.core.$ZodTypes;
      } else {
        return `${this.#type(inner, way, field, place)}${nullable ? '' : '!'}${fallback}`;
      }
    }
  }

  #type(schema: z.core.$ZodTypes, way: Way, field: string, place: string): string {
    const { def } = schema._zod;
    switch (def.type) {
      case 'string':
        return this.#text((def as { format?: string }).format);
      case 'number':
        return this.#number(schema, field);
      case 'boolean':
        return 'Boolean';
      case 'array':
        return `[${this.#reference(def.element, way, field, place)}]`;
      case 'enum':
      case 'literal':
      case 'object':
        return this.#named(schema, way, place);
      case 'record':
      case 'unknown':
        return this.#scalar('JSON');
      default:
        throw new Error(`${place}: a zod ${def.type} has no type in GraphQL`);
    }
  }

  #text(format: string | undefined): string {
    if (format === 'uuid' || format === 'guid') return 'ID';
    if (format === 'date') return this.#scalar('Date');
    return format === 'datetime' ? this.#scalar('DateTime') : 'String';
  }

  #number(schema: z.core.$ZodType, field: string): string {
    if (field.endsWith('Minor')) return this.#scalar('Minor');
    return (schema as z.ZodNumber).format?.includes('int') ? 'Int' : 'Float';
  }

  /** Objects and enums: by the name of their schema, or else of the place where they stand. */
  #named(schema: z.core.$ZodType, way: Way, place: string): string {
    const { def } = (schema as z.core.$ZodTypes)._zod;
    const name = nameOf(schema) ?? place;
    if (def.type !== 'object') {
      const values = def.type === 'enum' ? Object.values(def.entries) : (def as { values: unknown[] }).values;
      if (!values.every((value) => typeof value === 'string' && GRAPHQL_NAME.test(value))) return 'String';
      return this.#define(name, schema, null, () =>
        this.#described(schema, `enum ${name} { ${values.join(' ')} }`),
      );
    }
    if (way === 'output') {
      return this.#define(name, schema, way, () => this.#output(name, schema as z.ZodType, def.shape));
    }
    const input = name.endsWith('Input') ? name : `${name}Input`;
    return this.#define(input, schema, way, () =>
      this.#described(schema, `input ${input} ${this.#fields(name, def.shape, way)}`),
    );
  }

  #output(name: string, schema: z.ZodType, shape: Readonly<Record<string, z.core.$ZodType>>): string {
    return this.#described(
      schema,
      `type ${name}${this.#directives(name, schema)} ${this.#fields(name, shape, 'output')}`,
    );
  }

  #directives(name: string, schema: z.ZodType): string {
    if (isShareable(schema)) return ' @shareable';
    if (this.#resolvable.has(name)) return ' @key(fields: "id")';
    return isForeign(schema) ? ' @key(fields: "id", resolvable: false)' : '';
  }

  #fields(name: string, shape: Readonly<Record<string, z.core.$ZodType>>, way: Way): string {
    const edges = way === 'output' ? (this.#edges.get(name) ?? []) : [];
    const resolved = new Set(edges.map((edge) => edge.name));
    const lines = Object.entries(shape)
      .filter(([field, schema]) => !resolved.has(field) && !isNothing(schema))
      .map(([field, schema]) => {
        const type = this.#reference(schema, way, field, placeOf(name, field));
        const description = nameOf(schema) ? undefined : descriptionOf(schema);
        return `${doc(description, '  ')}  ${field}: ${type}`;
      });
    return `{\n${[...lines, ...edges.map((edge) => this.#field(edge, name))].join('\n')}\n}`;
  }

  #scalar(name: ScalarName): string {
    this.#scalars[name] = scalars[name].type;
    return this.#define(name, name, null, () => `${doc(scalars[name].description)}scalar ${name}`);
  }

  #described(schema: z.core.$ZodType, text: string): string {
    return `${doc(nameOf(schema) ? descriptionOf(schema) : undefined)}${text}`;
  }

  #define(name: string, schema: unknown, way: Way | null, text: () => string): string {
    if (!GRAPHQL_NAME.test(name)) throw new Error(`${name} is no name for a GraphQL type`);
    const known = this.#types.get(name);
    if (known) {
      if (known.schema !== schema || known.way !== way)
        throw new Error(`Two shapes are called ${name} in GraphQL`);
      return name;
    }
    const slot = { text: '', schema, way };
    this.#types.set(name, slot);
    slot.text = text();
    return name;
  }
}

/** A service that is down must null its own fields and no more. */
function refuseFragile(name: string, entity: z.ZodType, { name: edge, returns }: ResolverField): void {
  const { type } = (returns as z.ZodType & { _zod: z.core.$ZodTypeInternals })._zod.def;
  if (type === 'nullable' || type === 'optional') return;
  if (isForeign(entity))
    throw new Error(`${name}.${edge} belongs to an entity of another service: it must be nullable`);
  if (isForeign(returns)) throw new Error(`${name}.${edge} leads to another service: it must be nullable`);
}

function required(entity: z.ZodType): string {
  const name = nameOf(entity);
  if (!name) throw new Error('What a resolver resolves needs .meta({ id })');
  return name;
}

/** `null` and nothing else: there is no such type. */
const isNothing = (schema: z.core.$ZodType): boolean => (schema as z.core.$ZodTypes)._zod.def.type === 'null';

function literal(value: unknown, schema: z.core.$ZodType): string {
  if (Array.isArray(value)) return `[${value.map((item) => literal(item, elementOf(schema))).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    const { shape = {} } = (schema as z.core.$ZodTypes)._zod.def as {
      shape?: Record<string, z.core.$ZodType>;
    };
    const fields = Object.entries(value).map(
      ([key, item]) => `${key}: ${literal(item, shape[key] ?? schema)}`,
    );
    return `{ ${fields.join(', ')} }`;
  }
  if ((schema as z.core.$ZodTypes)._zod.def.type === 'enum') return String(value);
  return JSON.stringify(value);
}

const elementOf = (schema: z.core.$ZodType): z.core.$ZodType =>
  ((schema as z.core.$ZodTypes)._zod.def as { element?: z.core.$ZodType }).element ?? schema;

/** `BookingHost` for `Booking.host`; `BookingMode`, not `BookingBookingMode`, for `Booking.bookingMode`. */
const placeOf = (type: string, field: string) =>
  capital(field).startsWith(type) ? capital(field) : `${type}${capital(field)}`;
const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
const doc = (text: string | undefined, pad = '') => (text ? `${pad}${JSON.stringify(text)}\n` : '');
