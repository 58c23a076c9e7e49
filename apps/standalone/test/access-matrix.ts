import { eventually, type GraphqlResponse, type TestClient, type TestResponse } from '@roost/testing';
import { getNamedType, type GraphQLField, isLeafType, isNonNullType, isObjectType } from 'graphql';
import { OPEN_FIELDS, RESTRICTED_FIELDS } from './access-fields.js';
import {
  type Caller,
  CALLERS,
  expectedOutcome,
  type Objects,
  type Outcome,
  refusalCodes,
  type Rule,
  ruleOf,
} from './access-rules.js';
import { type Document, publicGraph, type Route, UNKNOWN_ID, validBody } from './every-route.js';
import { dayAhead, Marketplace } from './marketplace.fixture.js';

export type Callers = Record<Caller, TestClient>;

/** One route or field, and the call of it. */
export interface Callable {
  name: string;
  isField: boolean;
  rule: Rule;
  call(client: TestClient): Promise<Outcome | string>;
}

const TIMEOUT = { seconds: 60 };
const PHONE = '+12025550147';
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

/** Each caller whose result differs from the rule. Callers that are refused go first: the others may change the object. */
export async function violations(
  { name, isField, rule, call }: Callable,
  callers: Callers,
): Promise<string[]> {
  const found: string[] = [];
  const check = async (isAllowed: boolean): Promise<void> => {
    await Promise.all(
      CALLERS.map(async (caller) => {
        const expected = expectedOutcome(rule, caller, isField);
        if ((expected === 'allowed') !== isAllowed || (isAllowed && STREAMS.has(name))) return;
        const outcome = await call(callers[caller]);
        if (outcome !== expected) found.push(`${name} by ${caller}: ${outcome}, not ${expected}`);
      }),
    );
  };
  await check(false);
  await check(true);
  return found;
}

/** Reads come first. Calls that remove what others need come last, the session of guest A last of all. */
export function inOrder(callables: readonly Callable[]): Callable[] {
  const lateKinds = [
    /pause/i,
    /^DELETE |archive|remove|unblock|revoke/i,
    /^DELETE \/v1\/wishlists\/\{id\}$|delete/,
    /^DELETE \/v1\/me\/sessions\//,
  ];
  const rank = ({ name }: Callable): number =>
    /^GET |^query /.test(name) ? -2 : lateKinds.findLastIndex((kind) => kind.test(name));
  return [...callables].sort((a, b) => rank(a) - rank(b));
}

export function callableRoute(route: Route, document: Document, objects: Objects): Callable {
  const name = `${route.method} ${route.path}`;
  const { rule, body } = ruleOf(name) ?? { rule: { token: 'ignored' } };
  const path = route.path.startsWith('/v1/admin/')
    ? route.path.replace(/\{[^}]+\}/g, UNKNOWN_ID)
    : route.path.replace(/\{([^}]+)\}/g, (_, parameter: string) => ofRoute(route, parameter, objects));
  return {
    name,
    isField: false,
    rule,
    call: async (client) => {
      const sent = body ? body(objects) : validBody(route, document);
      return outcomeOfResponse(rule, await client.send(route.method, path + route.selection, sent));
    },
  };
}

function ofRoute({ method, path }: Route, parameter: string, objects: Objects): string {
  if (parameter === 'month') return '2026-01';
  if (parameter === 'token' || parameter === 'rendition') return 'unknown';
  const [, , first = '', second = ''] = path.split('/');
  const kind =
    parameter === 'id' ? (first === 'me' ? second : first).replace(/s$/, '') : parameter.slice(0, -2);
  // The payment that is due has no receipt.
  const key = path.endsWith('/receipt') ? 'paid' : kind;
  return objects[`${key} of ${method}`] ?? objects[key] ?? UNKNOWN_ID;
}

export function callableFields(objects: Objects): Callable[] {
  const graph = publicGraph();
  const all = (kind: 'query' | 'mutation', fields: GraphQLField<unknown, unknown>[]) =>
    fields.map((field) => callableField(kind, field, objects));
  return [
    ...all('query', Object.values(graph.getQueryType()?.getFields() ?? {})),
    ...all('mutation', Object.values(graph.getMutationType()?.getFields() ?? {})),
  ];
}

function callableField(
  kind: 'query' | 'mutation',
  field: GraphQLField<unknown, unknown>,
  objects: Objects,
): Callable {
  const name = `${kind} ${field.name}`;
  const { rule, body, object } = ruleOf(name) ?? { rule: { token: 'ignored' } };
  const type = getNamedType(field.type);
  const kindOfId = object ?? type.name.toLowerCase();
  const values: Record<string, unknown> = {};
  for (const { name: argument, type: of } of field.args)
    if (argument === 'input' || argument === 'filter') values[argument] = body?.(objects) ?? {};
    else if (argument === 'reason') values.reason = 'A reason';
    else if (argument === 'month') values.month = '2026-01';
    else if (argument === 'token') values.token = 'unknown';
    else if (isNonNullType(of))
      values[argument] = objects[argument === 'id' ? kindOfId : argument.slice(0, -2)] ?? UNKNOWN_ID;
  const declared = field.args.filter((argument) => argument.name in values);
  const text = `${kind}${parenthesized(declared.map((one) => `$${one.name}: ${String(one.type)}`))} { ${field.name}${parenthesized(
    declared.map((one) => `${one.name}: $${one.name}`),
  )}${isLeafType(type) ? '' : ' { __typename }'} }`;
  return {
    name,
    isField: true,
    rule,
    call: async (client) => outcomeOfField(rule, await client.graphql(text, values)),
  };
}

const parenthesized = (parts: string[]): string => (parts.length > 0 ? `(${parts.join(', ')})` : '');

function outcomeOfResponse(rule: Rule, { status, body }: TestResponse): Outcome | string {
  return outcomeOf(rule, status, String(body.code));
}

function outcomeOfField(rule: Rule, { data, errors }: GraphqlResponse<object>): Outcome | string {
  const [error] = errors;
  if (!error) return data && Object.values(data).some((value) => value !== null) ? 'allowed' : 'hidden';
  return outcomeOf(rule, error.extensions.status, error.extensions.code);
}

function outcomeOf({ of }: Rule, status: number, code: string): Outcome | string {
  if (status >= 500 || status === 429 || (refusalCodes as readonly string[]).includes(code)) return code;
  // Without owners, an object of the path or the body does not exist.
  if (of && (status === 404 || code === 'listing.forbidden')) return 'hidden';
  return of && status === 400 ? `a body that is not valid: ${code}` : 'allowed';
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

/** A stay of guest A at host A that has ended, with everything around it, and a payment that is due. */
export async function prepareObjects(market: Marketplace, anonymous: TestClient): Promise<Objects> {
  const { guest, host } = market;
  const created = async (client: TestClient, path: string, body: object = {}): Promise<string> => {
    const response = await client.post<{ id: string }>(path, body);
    expect({ path, status: [201, 202].includes(response.status), body: response.body }).toMatchObject({
      status: true,
    });
    return response.body.id;
  };
  const { booking, payment: paid } = await market.bookAndPay();
  const { id: bookingId, listingId } = booking;
  const change = await created(guest, `/v1/bookings/${bookingId}/changes`, {
    checkInDate: booking.checkInDate,
    checkOutDate: dayAhead(13),
  });
  const calendar = `/v1/listings/${listingId}/calendar`;
  const block = (from: number) =>
    created(host, `${calendar}/blocks`, { from: dayAhead(from), to: dayAhead(from + 1) });
  const feed = (name: string) =>
    created(host, `${calendar}/feeds`, { url: `https://calendars.example.com/${name}.ics`, name });
  await created(host, `${calendar}/export-url`);
  const objects: Objects = {
    listing: listingId,
    booking: bookingId,
    thread: bookingId,
    change,
    paid: paid.id,
    message: await created(guest, `/v1/threads/${bookingId}/messages`, { text: 'Good morning' }),
    wishlist: await created(guest, '/v1/wishlists', { name: 'By the sea' }),
    'wishlist of DELETE': await created(guest, '/v1/wishlists', { name: 'By the sea' }),
    block: await block(60),
    'block of DELETE': await block(70),
    feed: await feed('a'),
    'feed of DELETE': await feed('b'),
    export: await created(guest, '/v1/me/exports'),
    ...(await accountOf(market, anonymous)),
  };
  const { body } = await host.get<{ photos: { id: string }[] }>(`/v1/listings/${listingId}`);
  objects.photo = body.photos[0]?.id ?? '';
  expect((await anonymous.post('/dev/clock', { advance: 'P13D' })).status).toBe(200);
  await market.becomes(bookingId, 'completed');
  objects.review = await reviewed(bookingId, guest, host);
  const due = await market.book();
  objects.payment = due.payment.id;
  objects.quote = await created(guest, '/v1/quotes', {
    ...{ listingId, checkInDate: dayAhead(80), checkOutDate: dayAhead(82) },
    guests: { adults: 1, children: [], infants: 0, pets: 0 },
  });
  await eventually(async () => {
    expect((await host.get<{ data: unknown[] }>('/v1/me/payouts')).body.data).not.toEqual([]);
  }, TIMEOUT);
  return objects;
}

/** The account of guest A, with each field of `GET /v1/me`. */
async function accountOf({ guest, guestCredentials }: Marketplace, anonymous: TestClient): Promise<Objects> {
  expect((await anonymous.post('/v1/auth/login', guestCredentials)).status).toBe(200);
  expect((await guest.post('/v1/me/phone', { phone: PHONE })).status).toBe(202);
  const code = await eventually(async () => {
    const { body } = await anonymous.get<{ data: { token: string | null }[] }>(
      `/dev/inbox?to=${encodeURIComponent(PHONE)}`,
    );
    expect(body.data[0]?.token).toEqual(expect.any(String));
    return body.data[0]?.token;
  }, TIMEOUT);
  expect((await guest.post('/v1/me/phone/verify', { code })).status).toBe(200);
  expect((await guest.patch('/v1/me', { locale: 'en' })).status).toBe(200);
  const { body: sessions } = await guest.get<{ data: { id: string; current: boolean }[] }>('/v1/me/sessions');
  const session = (current: boolean) => sessions.data.find((one) => one.current === current)?.id ?? '';
  const { body: me } = await guest.get<{ id: string }>('/v1/me');
  return { user: me.id, session: session(true), 'other session': session(false) };
}

/** The review by the guest, published because the host has written one too. */
async function reviewed(bookingId: string, guest: TestClient, host: TestClient): Promise<string> {
  const path = `/v1/bookings/${bookingId}/reviews`;
  const write = (client: TestClient, categories: object) =>
    eventually(async () => {
      const review = await client.post<{ id: string }>(path, { overall: 5, categories, text: 'A good stay' });
      expect(review.status).toBe(201);
      return review.body.id;
    }, TIMEOUT);
  const id = await write(guest, {
    ...{ accuracy: 5, checkIn: 5, cleanliness: 5, communication: 5, location: 5, value: 5 },
  });
  await write(host, { cleanliness: 5, rules: 5, communication: 5 });
  return id;
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
