import { z } from 'zod';
import type { EventDefinition } from './define.js';

/** JSON Schema 2020-12 as zod writes it, without references. */
export interface Schema {
  readonly type?: string | readonly string[];
  readonly anyOf?: readonly Schema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly propertyNames?: Schema;
  readonly additionalProperties?: Schema | boolean;
  readonly [keyword: string]: unknown;
}

/** One released event: its topic, the schema of its body as producers write it, and an example. */
export interface ReleasedEvent {
  readonly topic: string;
  readonly kind: string;
  readonly key: string;
  readonly version: number;
  readonly personal: readonly string[];
  readonly schema: Schema;
  readonly example: unknown;
}

/** A file of `released/`: the contracts of one release of Roost. */
export interface Release {
  readonly version: string;
  readonly events: Readonly<Record<string, ReleasedEvent>>;
}

type Definitions = Readonly<Record<string, EventDefinition>>;

/** The contracts as a release stores them. `examples`: an event body per type. */
export function releaseOf(
  version: string,
  definitions: Definitions,
  examples: Readonly<Record<string, unknown>>,
): Release {
  const events = Object.entries(definitions).map(([type, event]): [string, ReleasedEvent] => {
    const { topic, kind, key, personal, schema } = event;
    const written = schemaOf(schema, 'output');
    return [
      type,
      { topic, kind, key, version: event.version, personal, schema: written, example: examples[type] },
    ];
  });
  return { version, events: Object.fromEntries(events) };
}

/**
 * The incompatibilities of the contracts with a release; empty if all changes are additive. Two rules apply: the new code
 * reads events of the release, which stay in their topics; and services of the release, which keep running during a
 * rollout, read events of the new code.
 */
export function breakingChanges(released: Release, definitions: Definitions): string[] {
  return Object.entries(released.events).flatMap(([type, before]) => {
    const now = Object.hasOwn(definitions, type) ? definitions[type] : undefined;
    if (!now)
      return [`${type} is missing: its events are still in their topic, and other services may listen to it`];
    return [
      ...(['topic', 'kind', 'key'] as const)
        .filter((property) => now[property] !== before[property])
        .map(
          (property) => `${type} has another ${property}: it was ${before[property]} and is ${now[property]}`,
        ),
      ...(now.version < before.version
        ? [`${type} has version ${now.version}: it was ${before.version}`]
        : []),
      ...before.personal
        .filter((field) => !now.personal.includes(field))
        .map((field) => `${type} no longer declares ${field} as personal data`),
      ...incompatibilities(schemaOf(now.schema, 'input'), before.schema, '').map(
        (reason) => `${type}: an event of ${released.version} would be rejected: ${reason}`,
      ),
      ...incompatibilities(before.schema, schemaOf(now.schema, 'output'), '').map(
        (reason) => `${type}: a service of ${released.version} would reject it: ${reason}`,
      ),
    ];
  });
}

export function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Schema {
  const document = z.toJSONSchema(schema, { io }) as Schema & { $defs?: Record<string, Schema> };
  return normalized(document, document.$defs ?? {}) as Schema;
}

/** Keywords without influence on validation. */
const ANNOTATIONS = new Set(['$schema', '$defs', 'id', 'title', 'description', 'examples', 'default']);

/** Resolves references and removes annotations, and the pattern that zod adds to a format. */
function normalized(value: unknown, named: Readonly<Record<string, Schema>>): unknown {
  if (Array.isArray(value)) return value.map((item) => normalized(item, named));
  if (typeof value !== 'object' || value === null) return value;
  const schema = value as Schema;
  if (typeof schema.$ref === 'string') return normalized(named[schema.$ref.replace('#/$defs/', '')], named);
  const fields = Object.entries(schema)
    .filter(([keyword]) => !ANNOTATIONS.has(keyword))
    .filter(([keyword]) => keyword !== 'pattern' || typeof schema.format !== 'string')
    // Readers remove unknown fields (`tolerant`), although zod declares `additionalProperties: false` for written bodies.
    .filter(([keyword, inner]) => keyword !== 'additionalProperties' || inner !== false)
    .map(([keyword, inner]) => [
      keyword,
      keyword === 'properties' ? properties(schema, named) : normalized(inner, named),
    ]);
  return Object.fromEntries(fields);
}

const properties = (schema: Schema, named: Readonly<Record<string, Schema>>) =>
  Object.fromEntries(
    Object.entries(schema.properties ?? {}).map(([name, inner]) => [name, normalized(inner, named)]),
  );

/** The values that a writer may write and a reader would reject, one sentence per path. */
function incompatibilities(reader: Schema, writer: Schema, at: string): string[] {
  const accepted = alternatives(reader);
  return alternatives(writer).flatMap((written) => {
    const reasons = accepted.map((alternative) => mismatches(alternative, written, at));
    if (reasons.some((list) => list.length === 0)) return [];
    const sameType =
      accepted.length === 1 ? 0 : accepted.findIndex((alternative) => alternative.type === written.type);
    return reasons[sameType] ?? [`${at || '/'} may be ${nameOf(written)}`];
  });
}

function alternatives(schema: Schema): readonly Schema[] {
  if (schema.anyOf) return schema.anyOf.flatMap(alternatives);
  if (typeof schema.type === 'object') return schema.type.map((type) => ({ ...schema, type }));
  return [schema];
}

/** A writer's lower bound must not be lower, and its upper bound not higher, than the reader's. */
const LOWER = ['minimum', 'exclusiveMinimum', 'minLength', 'minItems', 'minProperties'];
const UPPER = ['maximum', 'exclusiveMaximum', 'maxLength', 'maxItems', 'maxProperties'];
const COMPARED = new Set([
  ...['type', 'anyOf', 'enum', 'const', 'properties', 'required', 'items', 'additionalProperties'],
  ...LOWER,
  ...UPPER,
]);

function mismatches(reader: Schema, writer: Schema, at: string): string[] {
  const here = at || '/';
  const integerAsNumber = reader.type === 'number' && writer.type === 'integer';
  if (reader.type !== undefined && reader.type !== writer.type && !integerAsNumber) {
    return [`${here} may be ${nameOf(writer)} and must be ${nameOf(reader)}`];
  }
  return [
    ...values(reader, writer, here),
    ...bounds(reader, writer, here),
    ...others(reader, writer, here),
    ...fields(reader, writer, at),
    ...(reader.items ? incompatibilities(reader.items, writer.items ?? {}, `${at}/*`) : []),
    ...map(reader, writer, at),
  ];
}

function values(reader: Schema, writer: Schema, here: string): string[] {
  const accepted = valuesOf(reader);
  if (!accepted) return [];
  const written = valuesOf(writer);
  if (!written) return [`${here} may be any ${nameOf(writer)} and must be one of ${accepted.join(', ')}`];
  const acceptedJson = new Set(accepted.map((value) => JSON.stringify(value)));
  return written
    .filter((value) => !acceptedJson.has(JSON.stringify(value)))
    .map((value) => `${here} may be ${JSON.stringify(value)}`);
}

const valuesOf = (schema: Schema): readonly unknown[] | undefined =>
  schema.enum ?? (Object.hasOwn(schema, 'const') ? [schema.const] : undefined);

function bounds(reader: Schema, writer: Schema, here: string): string[] {
  const check = (keyword: string, isWider: (writer: number, reader: number) => boolean) => {
    const limit = reader[keyword];
    if (typeof limit !== 'number') return [];
    const own = writer[keyword];
    const within = typeof own === 'number' && !isWider(own, limit);
    return within || valuesOf(writer)
      ? []
      : [`${here} has ${keyword} ${String(own ?? 'none')} and must keep ${limit}`];
  };
  return [
    ...LOWER.flatMap((keyword) => check(keyword, (own, limit) => own < limit)),
    ...UPPER.flatMap((keyword) => check(keyword, (own, limit) => own > limit)),
  ];
}

/** Keywords that this check can't compare must stay the same. */
function others(reader: Schema, writer: Schema, here: string): string[] {
  return Object.keys(reader)
    .filter((keyword) => !COMPARED.has(keyword))
    .filter((keyword) => JSON.stringify(reader[keyword]) !== JSON.stringify(writer[keyword]))
    .map(
      (keyword) =>
        `${here} must have ${keyword} ${JSON.stringify(reader[keyword])} and has ${JSON.stringify(writer[keyword]) ?? 'none'}`,
    );
}

function fields(reader: Schema, writer: Schema, at: string): string[] {
  const always = new Set(writer.required);
  return Object.entries(reader.properties ?? {}).flatMap(([name, inner]) => {
    const written = writer.properties?.[name];
    const path = `${at}/${name}`;
    if (!written) return reader.required?.includes(name) ? [`${path} is missing`] : [];
    return [
      ...(reader.required?.includes(name) && !always.has(name) ? [`${path} may be missing`] : []),
      ...incompatibilities(inner, written, path),
    ];
  });
}

function map(reader: Schema, writer: Schema, at: string): string[] {
  if (typeof reader.additionalProperties !== 'object') return [];
  if (typeof writer.additionalProperties !== 'object') return [`${at || '/'} is no longer a map of values`];
  return incompatibilities(reader.additionalProperties, writer.additionalProperties, `${at}/*`);
}

function nameOf(schema: Schema): string {
  if (schema.type === 'null') return 'null';
  return [schema.type ?? 'anything'].flat().join(' or ');
}
