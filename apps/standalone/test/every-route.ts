import { readFileSync } from 'node:fs';
import { expectProblem, type TestResponse } from '@roost/testing';
import {
  buildSchema,
  getNamedType,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLSchema,
  isEnumType,
  isInputObjectType,
  isLeafType,
  isListType,
  isNonNullType,
} from 'graphql';

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
  required?: boolean;
  schema?: Schema;
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
  /** The query that names one of the services that share the route, such as `?service=reviews`; else empty. */
  selection: string;
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
      selection: selectionOf(operation),
      body: resolve(operation.requestBody?.content['application/json']?.schema, document),
      access: accessOf(operation),
    })),
  );
}

function selectionOf({ parameters = [] }: OperationObject): string {
  const service = parameters.find((one) => one.in === 'query' && one.name === 'service' && one.required);
  return service ? `?service=${String(service.schema?.enum?.at(-1))}` : '';
}

function accessOf({ security }: OperationObject): Route['access'] {
  if (security?.length === 0) return 'public';
  return security?.some((one) => Object.keys(one).length === 0) ? 'optional' : 'user';
}

export const UNKNOWN_ID = '01890000-0000-7000-8000-000000000000';

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

const ATTESTATION = {
  ...{ id: 'text', rawId: 'text', type: 'public-key' },
  response: { clientDataJSON: 'text', attestationObject: 'text' },
};

const UPLOAD = new FormData();
UPLOAD.set('file', new Blob(['text']), 'avatar.jpg');

/** Bodies of identity, which checks the session after the body. */
const VALID_BODIES: Record<string, unknown> = {
  'POST /v1/auth/step-up': { password: 'text' },
  'POST /v1/me/passkeys': { name: 'Phone', credential: ATTESTATION },
  'PUT /v1/me/avatar': UPLOAD,
  'PATCH /v1/me': { displayName: 'Ada' },
  'POST /v1/me/password': { currentPassword: 'text', newPassword: 'quiet harbour lamp' },
  'POST /v1/me/mfa/totp/confirm': { code: '123456' },
  'POST /v1/me/phone': { phone: '+12025550123' },
  'POST /v1/me/phone/verify': { code: '123456' },
  'POST /v1/me/email': { email: 'ada@tests.roost.example' },
};

/** The same for the inputs of mutations. */
const VALID_INPUTS: Record<string, string> = {
  RequestPhoneCodeInput: '{ phone: "+12025550123" }',
  VerifyPhoneInput: '{ code: "123456" }',
  ChangeEmailInput: '{ email: "user@tests.roost.example" }',
};

/** A body of a route that passes the rules that its schema does not state, where the session is checked after them. */
export function validBody({ method, path, body }: Route, document: Document): unknown {
  return VALID_BODIES[`${method} ${path}`] ?? (body ? sample(body, document) : undefined);
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

/** The supergraph as clients see it. */
export const publicGraph = (): GraphQLSchema =>
  buildSchema(readFileSync(new URL('../../../docs/graph/schema.graphql', import.meta.url), 'utf8'));

/** Each query and mutation of the public graph, with plausible arguments. */
export function graphqlOperations(): { name: string; text: string }[] {
  const schema = publicGraph();
  const operations = (type: 'query' | 'mutation', fields: GraphQLField<unknown, unknown>[]) =>
    fields.map((field) => {
      const args = field.args
        .filter((arg) => isNonNullType(arg.type))
        .map((arg) => `${arg.name}: ${literal(arg.type)}`);
      const call = `${field.name}${args.length > 0 ? `(${args.join(', ')})` : ''}`;
      const selection = isLeafType(getNamedType(field.type)) ? '' : ' { __typename }';
      return { name: `${type} ${field.name}`, text: `${type} { ${call}${selection} }` };
    });
  return [
    ...operations('query', Object.values(schema.getQueryType()?.getFields() ?? {})),
    ...operations('mutation', Object.values(schema.getMutationType()?.getFields() ?? {})),
  ];
}

/** A literal of an input type, with its required fields. */
function literal(type: GraphQLInputType): string {
  if (isNonNullType(type)) return literal(type.ofType as GraphQLInputType);
  if (isListType(type)) return `[${literal(type.ofType as GraphQLInputType)}]`;
  if (isEnumType(type)) return type.getValues()[0]?.name ?? '';
  if (isInputObjectType(type)) {
    const valid = VALID_INPUTS[type.name];
    if (valid !== undefined) return valid;
    const fields = Object.values(type.getFields()).filter((field) => isNonNullType(field.type));
    return `{ ${fields.map((field) => `${field.name}: ${literal(field.type)}`).join(', ')} }`;
  }
  switch (type.name) {
    case 'ID':
      return `"${UNKNOWN_ID}"`;
    case 'Date':
      return '"2031-05-04"';
    case 'DateTime':
      return '"2031-05-04T10:00:00Z"';
    case 'Boolean':
      return 'true';
    case 'String':
      return '"text"';
    default:
      return '1';
  }
}

/** Expects no 5xx; a 4xx is a problem with a code and without a stack. */
export function expectSuccessOrProblem(response: TestResponse<unknown>, call: string): void {
  const { status } = response;
  if (status >= 500 || status < 200) {
    throw new Error(`${call} responded with ${status}: ${JSON.stringify(response.body)}`);
  }
  if (status >= 400) {
    try {
      expectProblem(response, status, (response.body as { code: string }).code);
    } catch (error) {
      throw new Error(`${call}: ${(error as Error).message}`, { cause: error });
    }
  }
}
