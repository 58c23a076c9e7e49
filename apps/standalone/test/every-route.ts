/** The parts of the merged OpenAPI document that every-route.spec.ts reads. */
export interface Schema {
  $ref?: string;
  type?: string;
  format?: string;
  enum?: unknown[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  allOf?: Schema[];
  anyOf?: Schema[];
  oneOf?: Schema[];
  minimum?: number;
  minItems?: number;
  nullable?: boolean;
}

interface Parameter {
  name: string;
  in: 'path' | 'query' | 'header';
}

interface OperationObject {
  security?: Record<string, string[]>[];
  parameters?: Parameter[];
  requestBody?: { content: Record<string, { schema: Schema }> };
}

export interface Document {
  paths: Record<string, Record<string, OperationObject>>;
  components: { schemas: Record<string, Schema> };
}

export interface Route {
  method: string;
  path: string;
  query: string[];
  /** The schema of its JSON body, if it has one. */
  body: Schema | null;
  access: 'public' | 'optional' | 'user';
}

export function routesOf(document: Document): Route[] {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path,
      query: (operation.parameters ?? []).filter((one) => one.in === 'query').map((one) => one.name),
      body: resolve(operation.requestBody?.content['application/json']?.schema, document),
      access: accessOf(operation),
    })),
  );
}

function accessOf({ security }: OperationObject): Route['access'] {
  if (security?.length === 0) return 'public';
  return security?.some((one) => Object.keys(one).length === 0) ? 'optional' : 'user';
}

const UNKNOWN_ID = '01890000-0000-7000-8000-000000000000';

/** The path with `id` for each parameter; the default is an id that does not exist. */
export const filled = (path: string, id = UNKNOWN_ID): string => path.replace(/\{[^}]+\}/g, id);

/** A plausible value of a schema; it may break rules that the schema does not state. */
export function sample(schema: Schema, document: Document, depth = 0): unknown {
  const real = resolve(schema, document);
  if (depth > 6) return null;
  if (real.enum) return real.enum[0];
  switch (real.type) {
    case 'object':
      return Object.fromEntries(
        Object.entries(real.properties ?? {}).map(([name, field]) => [
          name,
          sample(field, document, depth + 1),
        ]),
      );
    case 'array':
      return real.items && (real.minItems ?? 0) > 0 ? [sample(real.items, document, depth + 1)] : [];
    case 'integer':
    case 'number':
      return Math.max(1, real.minimum ?? 1);
    case 'boolean':
      return true;
    case 'string':
      return text(real.format);
    default:
      return null;
  }
}

function text(format: string | undefined): string {
  if (format === 'uuid') return UNKNOWN_ID;
  if (format === 'date') return '2031-05-04';
  if (format === 'date-time') return '2031-05-04T10:00:00Z';
  if (format === 'email') return 'user@tests.roost.example';
  if (format === 'uri') return 'https://example.com/calendar.ics';
  return 'text';
}

function resolve(schema: Schema, document: Document): Schema;
function resolve(schema: Schema | undefined, document: Document): Schema | null;
function resolve(schema: Schema | undefined, document: Document): Schema | null {
  if (!schema) return null;
  if (schema.$ref)
    return resolve(document.components.schemas[schema.$ref.split('/').at(-1) ?? ''] ?? {}, document);
  const [first] = schema.allOf ?? schema.anyOf ?? schema.oneOf ?? [];
  return first ? resolve(first, document) : schema;
}

/** The path of keys of every value in a body. */
export function places(value: unknown, at: string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return at.length > 0 ? [at] : [];
  const inside = Object.entries(value).flatMap(([key, child]) => places(child, [...at, key]));
  return at.length > 0 ? [at, ...inside] : inside;
}

/** Replaces one value of a body. Other values are shared, not copied. */
export function withValue(body: unknown, place: string[], value: unknown): unknown {
  const [key, ...rest] = place;
  if (key === undefined) return value;
  if (Array.isArray(body)) {
    return body.map((child: unknown, index) =>
      String(index) === key ? withValue(child, rest, value) : child,
    );
  }
  const object = body as Record<string, unknown>;
  return { ...object, [key]: withValue(object[key], rest, value) };
}
