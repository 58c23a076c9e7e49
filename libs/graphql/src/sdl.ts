import type { GraphQLScalarType } from 'graphql';
import { z } from 'zod';
import { isShareable } from './connection.js';
import { isExternalEntity } from './entity.js';
import { descriptionOf, nameOf } from './names.js';
import { type ResolverMetadata, type ResolverField } from './resolver-metadata.js';
import { type ScalarName, scalars } from './scalars.js';

/** Nest's default, v2.14, is newer than the version that the gateway can compose. */
const FEDERATION =
  'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable"])';

const GRAPHQL_NAME = /^(?!__)[_A-Za-z][_0-9A-Za-z]*$/;

type Direction = 'input' | 'output';

export interface Subgraph {
  sdl: string;
  scalars: Record<string, GraphQLScalarType>;
}

/** The federated schema of one service, generated from the zod schemas of its resolvers. */
export function subgraphOf(resolvers: readonly ResolverMetadata[]): Subgraph {
  return new SubgraphWriter(resolvers).write();
}

class SubgraphWriter {
  readonly #types = new Map<string, { text: string; schema: unknown; direction: Direction | null }>();
  readonly #edges = new Map<string, ResolverField[]>();
  readonly #resolvable = new Set<string>();
  readonly #entities = new Set<z.core.$ZodType>();
  readonly #scalars: Record<string, GraphQLScalarType> = {};

  constructor(private readonly resolvers: readonly ResolverMetadata[]) {
    for (const { entity, fields, reference } of resolvers) {
      if (!entity) continue;
      const name = requireName(entity);
      this.#entities.add(entity);
      const edges = fields.filter(({ kind }) => kind === 'Edge');
      this.#edges.set(name, [...(this.#edges.get(name) ?? []), ...edges]);
      if (reference || (isExternalEntity(entity) && edges.length > 0)) this.#resolvable.add(name);
      for (const edge of edges) requireNullable(name, entity, edge);
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
    // Root fields are nullable: an error of one must not null the others.
    const fieldType = field.kind === 'Edge' ? type : type.replace(/!$/, '');
    const parameters = args.length > 0 ? `(${args.join(', ')})` : '';
    return `${doc(field.description, '  ')}  ${field.name}${parameters}: ${fieldType}`;
  }

  /** The type of a field or an argument, with `!` and the default of an argument. */
  #reference(schema: z.core.$ZodType, direction: Direction, field: string, place: string): string {
    let nullable = false;
    let defaultValue = '';
    let inner = schema as z.core.$ZodTypes;
    for (;;) {
      const { def } = inner._zod;
      if (def.type === 'optional' || def.type === 'nullable') {
        nullable = true;
        inner = def.innerType as z.core.$ZodTypes;
      } else if (def.type === 'default' || def.type === 'prefault') {
        if (direction === 'input') {
          // Nullable: clients that send null for an omitted value get the default, too.
          nullable = true;
          defaultValue = ` = ${literal(def.defaultValue, def.innerType)}`;
        }
        inner = def.innerType as z.core.$ZodTypes;
      } else if (def.type === 'readonly' || def.type === 'nonoptional') {
        inner = def.innerType as z.core.$ZodTypes;
      } else if (def.type === 'pipe') {
        inner = (direction === 'input' ? def.in : def.out) as z.core.$ZodTypes;
      } else {
        return `${this.#type(inner, direction, field, place)}${nullable ? '' : '!'}${defaultValue}`;
      }
    }
  }

  #type(schema: z.core.$ZodTypes, direction: Direction, field: string, place: string): string {
    const { def } = schema._zod;
    switch (def.type) {
      case 'string':
        return this.#text((def as { format?: string }).format);
      case 'number':
        return this.#number(schema, field);
      case 'boolean':
        return 'Boolean';
      case 'array':
        return `[${this.#reference(def.element, direction, field, place)}]`;
      case 'enum':
      case 'literal':
      case 'object':
        return this.#named(schema, direction, place);
      case 'record':
      case 'unknown':
        return this.#scalar('JSON');
      default:
        throw new Error(`${place}: zod's ${def.type} has no GraphQL type`);
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

  /** The type of an object or enum: named after its schema, or else after the field that contains it. */
  #named(schema: z.core.$ZodType, direction: Direction, place: string): string {
    const { def } = (schema as z.core.$ZodTypes)._zod;
    const name = nameOf(schema) ?? place;
    if (def.type !== 'object') {
      const values = def.type === 'enum' ? Object.values(def.entries) : (def as { values: unknown[] }).values;
      if (!values.every((value) => typeof value === 'string' && GRAPHQL_NAME.test(value))) return 'String';
      return this.#define(name, schema, null, () =>
        this.#described(schema, `enum ${name} { ${values.join(' ')} }`),
      );
    }
    if (direction === 'output') {
      return this.#define(name, schema, direction, () => this.#output(name, schema as z.ZodType, def.shape));
    }
    const input = name.endsWith('Input') ? name : `${name}Input`;
    return this.#define(input, schema, direction, () =>
      this.#described(schema, `input ${input} ${this.#fields(name, def.shape, direction)}`),
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
    return isExternalEntity(schema) ? ' @key(fields: "id", resolvable: false)' : '';
  }

  #fields(name: string, shape: Readonly<Record<string, z.core.$ZodType>>, direction: Direction): string {
    const edges = direction === 'output' ? (this.#edges.get(name) ?? []) : [];
    const resolved = new Set(edges.map((edge) => edge.name));
    const lines = Object.entries(shape)
      .filter(([field, schema]) => !resolved.has(field) && !isNullOnly(schema))
      .map(([field, schema]) => {
        const type = this.#reference(schema, direction, field, placeOf(name, field));
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

  #define(name: string, schema: unknown, direction: Direction | null, text: () => string): string {
    if (!GRAPHQL_NAME.test(name)) throw new Error(`${name} is not a valid name of a GraphQL type`);
    const existing = this.#types.get(name);
    if (existing) {
      if (existing.schema !== schema || existing.direction !== direction)
        throw new Error(`Two schemas have the GraphQL name ${name}`);
      return name;
    }
    const slot = { text: '', schema, direction };
    this.#types.set(name, slot);
    slot.text = text();
    return name;
  }
}

/** Fields that cross services must be nullable: an unavailable service nulls its own fields only. */
function requireNullable(name: string, entity: z.ZodType, { name: edge, returns }: ResolverField): void {
  const { type } = (returns as z.ZodType & { _zod: z.core.$ZodTypeInternals })._zod.def;
  if (type === 'nullable' || type === 'optional') return;
  if (isExternalEntity(entity))
    throw new Error(`${name}.${edge} belongs to an entity of another service: it must be nullable`);
  if (isExternalEntity(returns))
    throw new Error(`${name}.${edge} leads to another service: it must be nullable`);
}

function requireName(entity: z.ZodType): string {
  const name = nameOf(entity);
  if (!name) throw new Error('The entity of a resolver needs .meta({ id })');
  return name;
}

/** A schema that accepts only `null`: GraphQL has no such type. */
const isNullOnly = (schema: z.core.$ZodType): boolean =>
  (schema as z.core.$ZodTypes)._zod.def.type === 'null';

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
