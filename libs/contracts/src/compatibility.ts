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

/** What was released of one event: where it travels, what its producer writes, and one that it wrote. */
export interface ReleasedEvent {
  readonly topic: string;
  readonly kind: string;
  readonly key: string;
  readonly version: number;
  readonly personal: readonly string[];
  readonly schema: Schema;
  readonly example: unknown;
}

/** A file of `released/`: the contracts that a release of Roost has published. */
export interface Release {
  readonly version: string;
  readonly events: Readonly<Record<string, ReleasedEvent>>;
}

type Definitions = Readonly<Record<string, EventDefinition>>;

/** What a release keeps of the contracts. `examples`: an event of each type. */
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
 * Why these contracts may not follow that release; empty when all is additive. Two things must hold: events of the
 * release, which stay in their topics, are read by the new code; and services of the release, which run on beside the
 * new ones, read what those write.
 */
export function breakingChanges(released: Release, definitions: Definitions): string[] {
  return Object.entries(released.events).flatMap(([type, before]) => {
    const now = Object.hasOwn(definitions, type) ? definitions[type] : undefined;
    if (!now) return [`${type} is gone: it is still in its topic, and others may listen to it`];
    return [
      ...(['topic', 'kind', 'key'] as const)
        .filter((what) => now[what] !== before[what])
        .map((what) => `${type} has another ${what}: it was ${before[what]} and is ${now[what]}`),
      ...(now.version < before.version
        ? [`${type} has version ${now.version}: it was ${before.version}`]
        : []),
      ...before.personal
        .filter((field) => !now.personal.includes(field))
        .map((field) => `${type} no longer says that ${field} is personal data`),
      ...refusals(schemaOf(now.schema, 'input'), before.schema, '').map(
        (why) => `${type}: an event of ${released.version} would be refused: ${why}`,
      ),
      ...refusals(before.schema, schemaOf(now.schema, 'output'), '').map(
        (why) => `${type}: a service of ${released.version} would refuse it: ${why}`,
      ),
    ];
  });
}

export function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Schema {
  const document = z.toJSONSchema(schema, { io }) as Schema & { $defs?: Record<string, Schema> };
  return plain(document, document.$defs ?? {}) as Schema;
}

/** Says nothing about what is read or written. */
const SILENT = new Set(['$schema', '$defs', 'id', 'title', 'description', 'examples', 'default']);

/** References resolved, and without the pattern that zod adds to a format it checks. */
function plain(value: unknown, named: Readonly<Record<string, Schema>>): unknown {
  if (Array.isArray(value)) return value.map((item) => plain(item, named));
  if (typeof value !== 'object' || value === null) return value;
  const schema = value as Schema;
  if (typeof schema.$ref === 'string') return plain(named[schema.$ref.replace('#/$defs/', '')], named);
  const fields = Object.entries(schema)
    .filter(([keyword]) => !SILENT.has(keyword))
    .filter(([keyword]) => keyword !== 'pattern' || typeof schema.format !== 'string')
    // Additions are dropped by who reads (`tolerant`), whatever zod says of what is written.
    .filter(([keyword, inner]) => keyword !== 'additionalProperties' || inner !== false)
    .map(([keyword, inner]) => [
      keyword,
      keyword === 'properties' ? properties(schema, named) : plain(inner, named),
    ]);
  return Object.fromEntries(fields);
}

const properties = (schema: Schema, named: Readonly<Record<string, Schema>>) =>
  Object.fromEntries(
    Object.entries(schema.properties ?? {}).map(([name, inner]) => [name, plain(inner, named)]),
  );

/** What a writer may write and a reader would not take, one sentence for each place. */
export function refusals(reader: Schema, writer: Schema, at: string): string[] {
  const taken = choices(reader);
  return choices(writer).flatMap((written) => {
    const reasons = taken.map((choice) => mismatches(choice, written, at));
    if (reasons.some((list) => list.length === 0)) return [];
    const alike = taken.length === 1 ? 0 : taken.findIndex((choice) => choice.type === written.type);
    return reasons[alike] ?? [`${at || '/'} may be ${nameOf(written)}`];
  });
}

function choices(schema: Schema): readonly Schema[] {
  if (schema.anyOf) return schema.anyOf.flatMap(choices);
  if (typeof schema.type === 'object') return schema.type.map((type) => ({ ...schema, type }));
  return [schema];
}

/** `[keyword, the reader's bound is at most the writer's]`, and so on: a writer keeps within what a reader takes. */
const LOWER = ['minimum', 'exclusiveMinimum', 'minLength', 'minItems', 'minProperties'];
const UPPER = ['maximum', 'exclusiveMaximum', 'maxLength', 'maxItems', 'maxProperties'];
const KNOWN = new Set([
  ...['type', 'anyOf', 'enum', 'const', 'properties', 'required', 'items', 'additionalProperties'],
  ...LOWER,
  ...UPPER,
]);

function mismatches(reader: Schema, writer: Schema, at: string): string[] {
  const here = at || '/';
  const wholeToNumber = reader.type === 'number' && writer.type === 'integer';
  if (reader.type !== undefined && reader.type !== writer.type && !wholeToNumber) {
    return [`${here} may be ${nameOf(writer)} and must be ${nameOf(reader)}`];
  }
  return [
    ...values(reader, writer, here),
    ...bounds(reader, writer, here),
    ...others(reader, writer, here),
    ...fields(reader, writer, at),
    ...(reader.items ? refusals(reader.items, writer.items ?? {}, `${at}/*`) : []),
    ...map(reader, writer, at),
  ];
}

function values(reader: Schema, writer: Schema, here: string): string[] {
  const taken = valuesOf(reader);
  if (!taken) return [];
  const written = valuesOf(writer);
  if (!written) return [`${here} may be any ${nameOf(writer)} and must be one of ${taken.join(', ')}`];
  const known = new Set(taken.map((value) => JSON.stringify(value)));
  return written
    .filter((value) => !known.has(JSON.stringify(value)))
    .map((value) => `${here} may be ${JSON.stringify(value)}`);
}

const valuesOf = (schema: Schema): readonly unknown[] | undefined =>
  schema.enum ?? (Object.hasOwn(schema, 'const') ? [schema.const] : undefined);

function bounds(reader: Schema, writer: Schema, here: string): string[] {
  const broken = (keyword: string, worse: (writer: number, reader: number) => boolean) => {
    const limit = reader[keyword];
    if (typeof limit !== 'number') return [];
    const own = writer[keyword];
    const within = typeof own === 'number' && !worse(own, limit);
    return within || valuesOf(writer)
      ? []
      : [`${here} has ${keyword} ${String(own ?? 'none')} and must keep ${limit}`];
  };
  return [
    ...LOWER.flatMap((keyword) => broken(keyword, (own, limit) => own < limit)),
    ...UPPER.flatMap((keyword) => broken(keyword, (own, limit) => own > limit)),
  ];
}

/** A keyword that this check can't weigh must stay as it is. */
function others(reader: Schema, writer: Schema, here: string): string[] {
  return Object.keys(reader)
    .filter((keyword) => !KNOWN.has(keyword))
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
    const place = `${at}/${name}`;
    if (!written) return reader.required?.includes(name) ? [`${place} is missing`] : [];
    return [
      ...(reader.required?.includes(name) && !always.has(name) ? [`${place} may be missing`] : []),
      ...refusals(inner, written, place),
    ];
  });
}

function map(reader: Schema, writer: Schema, at: string): string[] {
  if (typeof reader.additionalProperties !== 'object') return [];
  if (typeof writer.additionalProperties !== 'object') return [`${at || '/'} is no map of values any more`];
  return refusals(reader.additionalProperties, writer.additionalProperties, `${at}/*`);
}

function nameOf(schema: Schema): string {
  if (schema.type === 'null') return 'null';
  return [schema.type ?? 'anything'].flat().join(' or ');
}
