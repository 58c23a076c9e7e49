import { type GraphqlResponse, type TestClient, type TestResponse } from '@roost/testing';
import { getNamedType, type GraphQLField, isLeafType, isNonNullType, isObjectType } from 'graphql';
import { OPEN_FIELDS, RESTRICTED_FIELDS } from './access-fields.js';
import {
  type Caller,
  CALLERS,
  type ExpectedError,
  expectedOutcome,
  isAllowedBy,
  type Outcome,
  type Rule,
} from './access-outcome.js';
import { type Objects } from './access-operation.js';
import { type DeclaredOperation, ruleOf } from './access-rules.js';
import { type Document, publicGraph, type Route, UNKNOWN_ID, validBody } from './every-route.js';
import { dayAhead, Marketplace } from './marketplace.fixture.js';

export type Callers = Record<Caller, TestClient>;

/** One route or field, what callers get, and the call of it. */
export interface Callable {
  name: string;
  isField: boolean;
  rule: Rule;
  error?: ExpectedError | undefined;
  /** What the owner gets for an object of another owner below their own, or in the body. */
  foreign?: Outcome | undefined;
  /** `changed` replaces objects. */
  call(client: TestClient, changed?: Objects): Promise<Outcome>;
}

/** The test of the declarations rejects it. */
const UNDECLARED: DeclaredOperation = { rule: { token: 'ignored' } };
/** Objects that exist below one object only: `/v1/listings/{id}/photos/{photoId}`. */
const CHILDREN = /^(photo|block|feed|change)Id$/;
/** The response does not end. */
const STREAMS = new Set(['GET /v1/me/events']);

/** The names without a declared rule, and the declared names that do not exist. */
export function undeclared(names: readonly string[], declared: Iterable<string>): string[] {
  const existing = new Set(names);
  return [
    ...names.filter((name) => !ruleOf(name)).map((name) => `${name} has no rule`),
    ...[...declared].filter((name) => !existing.has(name)).map((name) => `${name} does not exist`),
  ];
}

/** The nullable fields of the graph that are in no list of access-fields.ts, in both, or do not exist. */
export function undeclaredFields(graph = publicGraph()): string[] {
  const nullable = Object.values(graph.getTypeMap())
    .filter(isObjectType)
    .filter(({ name }) => !name.startsWith('__') && name !== 'Query' && name !== 'Mutation')
    .flatMap((type) =>
      Object.values(type.getFields())
        .filter((field) => !isNonNullType(field.type))
        .map((field) => `${type.name}.${field.name}`),
    );
  const declared = [
    ...Object.keys(RESTRICTED_FIELDS),
    ...Object.entries(OPEN_FIELDS).flatMap(([type, names]) =>
      names.split(' ').map((name) => `${type}.${name}`),
    ),
  ];
  return [...nullable, ...declared]
    .filter((name) => !nullable.includes(name) || declared.filter((one) => one === name).length !== 1)
    .sort();
}

/**
 * Each caller whose result differs from the rule. Callers that are refused go first: the others may change the object, so
 * they write one after the other.
 */
export async function violations(callable: Callable, callers: Callers): Promise<string[]> {
  const { name, call } = callable;
  const expected = (caller: Caller): Outcome => expectedOutcome(callable, caller);
  const check = async (caller: Caller): Promise<string[]> => {
    const outcome = await call(callers[caller]);
    return outcome === expected(caller) ? [] : [`${name} by ${caller}: ${outcome}, not ${expected(caller)}`];
  };
  const isAllowed = (caller: Caller): boolean => isAllowedBy(callable, caller);
  const checkAll = async (all: readonly Caller[]) => (await Promise.all(all.map(check))).flat();
  const found = await checkAll(CALLERS.filter((caller) => !isAllowed(caller)));
  const allowed = STREAMS.has(name) ? [] : CALLERS.filter(isAllowed);
  if (isRead(name)) return [...found, ...(await checkAll(allowed))];
  for (const caller of allowed) found.push(...(await check(caller)));
  return found;
}

const isRead = (name: string): boolean => /^(GET|query) /.test(name);

/** A child of an object of another owner is reached through the own object. */
export async function foreignViolations(
  { name, rule, foreign, call }: Callable,
  callers: Callers,
  objects: Objects,
): Promise<string[]> {
  const owner = CALLERS.find((caller) => rule.of?.includes(caller));
  if (foreign === undefined || owner === undefined) return [];
  const changed = Object.entries(objects).flatMap(([kind, id]) => [
    [kind, id],
    [`${kind} of DELETE`, id],
  ]);
  const outcome = await call(callers[owner], Object.fromEntries(changed) as Objects);
  return outcome === foreign ? [] : [`${name} of another owner by ${owner}: ${outcome}, not ${foreign}`];
}

/** Reads come first. Calls that remove what others need come last, the session of guest A last of all. */
export function inOrder(callables: readonly Callable[]): Callable[] {
  const lateKinds = [
    // A listing has all its photos in order, until there is one more. Other sessions end with a passkey.
    /pause|cancel|\/photos$|revokeSession/i,
    /^DELETE |remove|unblock|unlink|revokeWishlist/i,
    /archive/i,
    /^DELETE \/v1\/wishlists\/\{id\}$|delete/,
    /^DELETE \/v1\/me\/sessions\//,
  ];
  const rank = ({ name }: Callable): number =>
    isRead(name) ? -2 : lateKinds.findLastIndex((kind) => kind.test(name));
  return [...callables].sort((a, b) => rank(a) - rank(b));
}

export function callableRoute(
  route: Route,
  document: Document,
  objects: Objects,
  declared = ruleOf(nameOf(route)) ?? UNDECLARED,
): Callable {
  const name = nameOf(route);
  const { rule, body, query, error, object } = declared;
  const parameters = [...route.path.matchAll(/\{([^}]+)\}/g)].map(([, parameter = '']) => parameter);
  return {
    ...{ name, isField: false, rule, error, foreign: foreignOutcome(declared, parameters) },
    call: async (client, changed) => {
      const used = { ...objects, ...changed };
      const path = route.path.replace(/\{([^}]+)\}/g, (_, parameter: string) =>
        parameter === 'id' && object ? (used[object] ?? UNKNOWN_ID) : ofRoute(route, parameter, used),
      );
      const sent = body ? body(used) : validBody(route, document);
      const search = query ? `${route.selection ? '&' : '?'}${new URLSearchParams(query).toString()}` : '';
      return outcomeOfResponse(rule, await client.send(route.method, path + route.selection + search, sent));
    },
  };
}

const foreignOutcome = ({ foreign }: DeclaredOperation, parameters: readonly string[]): Outcome | undefined =>
  foreign ?? (parameters.slice(1).some((one) => CHILDREN.test(one)) ? 'hidden' : undefined);

function ofRoute({ method, path }: Route, parameter: string, objects: Objects): string {
  const fixed = { month: '2026-01', rendition: 'display.jpg', provider: 'sandbox' }[parameter];
  if (fixed) return fixed;
  const collection =
    path
      .slice(0, path.search(/\/(?:\{provider\}\/)?\{/))
      .split('/')
      .at(-1) ?? '';
  const isOwn = parameter === 'id' || parameter === 'token';
  const kind = isOwn ? collection.replace(/ies$/, 'y').replace(/s$/, '') : parameter.slice(0, -2);
  // The payment that is due has no receipt.
  const key = path.endsWith('/receipt') ? 'paid' : kind;
  const uses = [...(path.startsWith('/v1/admin/') ? [`${key} of admin`] : []), `${key} of ${method}`, key];
  return uses.map((use) => objects[use]).find((id) => id !== undefined) ?? UNKNOWN_ID;
}

const nameOf = ({ method, path }: Route): string => `${method} ${path}`;

export function callableFields(objects: Objects): Callable[] {
  const graph = publicGraph();
  const all = (kind: 'query' | 'mutation', fields: GraphQLField<unknown, unknown>[]) =>
    fields.map((field) => callableField(kind, field, objects));
  return [
    ...all('query', Object.values(graph.getQueryType()?.getFields() ?? {})),
    ...all('mutation', Object.values(graph.getMutationType()?.getFields() ?? {})),
  ];
}

export function callableField(
  kind: 'query' | 'mutation',
  field: GraphQLField<unknown, unknown>,
  objects: Objects,
  declared = ruleOf(`${kind} ${field.name}`) ?? UNDECLARED,
): Callable {
  const name = `${kind} ${field.name}`;
  const { rule, error, fieldError = error } = declared;
  const type = getNamedType(field.type);
  return {
    ...{ name, isField: true, rule, error: fieldError },
    foreign: foreignOutcome(
      declared,
      field.args.map((argument) => argument.name),
    ),
    call: async (client, changed) => {
      const values = argumentsOf(field, declared, { ...objects, ...changed });
      const given = field.args.filter((argument) => argument.name in values);
      const text = `${kind}${parenthesized(given.map((one) => `$${one.name}: ${String(one.type)}`))} { ${field.name}${parenthesized(
        given.map((one) => `${one.name}: $${one.name}`),
      )}${isLeafType(type) ? '' : ' { __typename }'} }`;
      return outcomeOfField(rule, await client.graphql(text, values));
    },
  };
}

function argumentsOf(
  { args, type }: GraphQLField<unknown, unknown>,
  { body, query, object = getNamedType(type).name.toLowerCase() }: DeclaredOperation,
  objects: Objects,
): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const { name, type: of } of args)
    if (name === 'input' || name === 'filter') values[name] = body?.(objects) ?? {};
    else if (name === 'reason') values.reason = 'A reason';
    else if (name === 'month') values.month = '2026-01';
    else if (name === 'token') values.token = objects['shared-wishlist'];
    else if (query?.[name] !== undefined) values[name] = query[name];
    else if (isNonNullType(of))
      values[name] = objects[name === 'id' ? object : name.slice(0, -2)] ?? UNKNOWN_ID;
  return values;
}

const parenthesized = (parts: string[]): string => (parts.length > 0 ? `(${parts.join(', ')})` : '');

function outcomeOfResponse(rule: Rule, { status, body }: TestResponse): Outcome {
  return outcomeOf(rule, status, String(body.code));
}

function outcomeOfField(rule: Rule, { data, errors }: GraphqlResponse<object>): Outcome {
  const [error] = errors;
  if (error) return outcomeOf(rule, error.extensions.status, error.extensions.code);
  return data && Object.values(data).some((value) => value !== null) ? 'allowed' : 'hidden';
}

/** An error that the rule does not declare is a violation for callers who are allowed, also one of all callers. */
function outcomeOf({ of }: Rule, status: number, code: string): Outcome {
  if (status < 400) return 'allowed';
  // Without owners, an object of the path or the body does not exist.
  return of && (status === 404 || code === 'listing.forbidden') ? 'hidden' : code;
}

/** The callers of the matrix. The suspended user comes from the spec, which waits for the suspension. */
export async function prepareCallers(anonymous: TestClient, suspended: TestClient) {
  const market = await Marketplace.prepare(anonymous);
  const as = async (emailVerified: boolean, ...roles: string[]): Promise<TestClient> => {
    const made = await anonymous.post<{ accessToken: string }>('/dev/users', { roles, emailVerified });
    return anonymous.with({ authorization: `Bearer ${made.body.accessToken}` });
  };
  const callers: Callers = {
    anonymous,
    suspended,
    unverified: await as(false, 'guest'),
    guestA: market.guest,
    guestB: await as(true, 'guest'),
    hostA: market.host,
    hostB: await as(true, 'guest', 'host'),
    admin: market.admin,
  };
  return { market, callers };
}

/** The path of queries to an object of each type with restricted fields. */
const READERS: Record<string, (field: string, objects: Objects) => string> = {
  Listing: (field, { listing }) => `listing(id: "${listing}") { ${field} }`,
  CalendarDay: (field, { listing }) =>
    `listing(id: "${listing}") { calendar(from: "${dayAhead(14)}", to: "${dayAhead(100)}") { data { ${field} } } }`,
  User: (field, { user }) => `user(id: "${user}") { ${field} }`,
  Booking: (field, { booking }) => `booking(id: "${booking}") { ${field} }`,
  Payment: (field, { payment }) => `payment(id: "${payment}") { ${field} }`,
  Review: (field, { review }) => `review(id: "${review}") { ${field} }`,
};

/** Each caller who sees a restricted field against its rule, or does not see it. */
export async function fieldViolations(
  name: string,
  readers: readonly Caller[],
  callers: Callers,
  objects: Objects,
): Promise<string[]> {
  const graph = publicGraph();
  const [typeName = '', field = ''] = name.split('.');
  const type = graph.getType(typeName);
  const definition = isObjectType(type) ? type.getFields()[field] : undefined;
  const isLeaf = definition && isLeafType(getNamedType(definition.type));
  const text = `{ ${READERS[typeName]?.(isLeaf ? field : `${field} { __typename }`, objects)} }`;
  const found = await Promise.all(
    CALLERS.map(async (caller) => {
      const { data, errors } = await callers[caller].graphql(text);
      const unexpected = errors.find(({ extensions: { status } }) => status >= 500 || status === 429);
      if (unexpected) return [`${name} by ${caller}: ${unexpected.extensions.code}`];
      const sees = valuesOf(data, field).some((value) => value !== null);
      return sees === readers.includes(caller)
        ? []
        : [`${name} by ${caller}: ${sees ? 'visible' : 'not visible'}`];
    }),
  );
  return found.flat();
}

function valuesOf(value: unknown, field: string): unknown[] {
  if (Array.isArray(value)) return value.flatMap((item) => valuesOf(item, field));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, child]) =>
    key === field ? [child as unknown] : valuesOf(child, field),
  );
}
