import { exampleOf, type Schema } from './example.js';
import { type Item, request } from './postman.js';
import { walk } from './walk.js';

interface Operation {
  summary?: string;
  tags?: string[];
  security?: Record<string, unknown>[];
  parameters?: { name: string; in: string; required?: boolean; schema: Schema }[];
  requestBody?: { content: Record<string, { schema: Schema }> };
  responses: Record<string, { content?: Record<string, unknown> }>;
}

export interface Document {
  info: { version: string };
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
}

/** The variables that the walk sets, by the path before the parameter. */
const KNOWN: readonly [RegExp, string][] = [
  [
    /^\/v1\/listings\/\{(?:id|listingId)\}(?:\/(?:pricing|stay-rules|links|changes|calendar\/(?:feeds|blocks|export-url)))$/,
    'hostListingId',
  ],
  [/^\/v1\/listings\/\{/, 'listingId'],
  [/^\/v1\/bookings\/\{/, 'bookingId'],
  [/^\/v1(?:\/admin)?\/payments\/\{/, 'paymentId'],
  [/^\/v1\/quotes\/\{/, 'quoteId'],
  [/^\/v1\/users\/\{/, 'hostId'],
];
const OF_HOSTS =
  /\/(?:pricing|stay-rules|links|listings\/\{id\}\/changes|feeds|blocks|export-url|me\/calendar|me\/listings|me\/payouts?(?:-account)?|me\/transactions|me\/statements)/;

/**
 * The API as a collection: a walk to a paid booking, every read, and every write with a body that its schema allows. The
 * walk and the reads run in CI (`npm run api:smoke`).
 */
export function apiCollection({ info, paths, components }: Document): object {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
  const folder = (name: string, accepts: (method: string) => boolean): Item => ({
    name,
    item: byTag(
      operations
        .filter(({ method, operation }) => accepts(method) && !isStream(operation))
        .map(({ path, method, operation }) => ({
          tag: operation.tags?.[0] ?? 'Other',
          item: requestOf(path, method, operation, components.schemas),
        })),
    ),
  });
  return {
    info: {
      name: 'Roost',
      version: info.version,
      description:
        'Written by `npm run docs` from the OpenAPI document. Start Roost with `npm start`, then run the folder Walk: it logs in with demo accounts and sets the variables of the other requests.',
      schema: 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json',
    },
    variable: [{ key: 'url', value: 'http://localhost:3000' }],
    item: [
      { name: 'Walk', item: walk },
      folder('Reads', (method) => method === 'get'),
      folder('Writes', (method) => method !== 'get'),
    ],
  };
}

/** A stream does not end, and a runner waits for the end. */
const isStream = ({ responses }: Operation) => responses['200']?.content?.['text/event-stream'] !== undefined;

function byTag(items: { tag: string; item: Item }[]): Item[] {
  const tags = [...new Set(items.map(({ tag }) => tag))].sort();
  return tags.map((name) => ({
    name,
    item: items.filter(({ tag }) => tag === name).map(({ item }) => item),
  }));
}

function requestOf(
  path: string,
  method: string,
  operation: Operation,
  schemas: Readonly<Record<string, Schema>>,
): Item {
  const variable = KNOWN.find(([pattern]) => pattern.test(path))?.[1];
  const [first, ...others] = path.match(/\{\w+\}/g) ?? [];
  const filled = first && variable ? path.replace(first, `{{${variable}}}`) : path;
  const isComplete = others.length === 0 && (!first || variable !== undefined);
  const parameters = operation.parameters ?? [];
  const required = parameters.filter((parameter) => parameter.in === 'query' && parameter.required);
  const examples: Record<string, string> = { from: '{{checkIn}}', to: '{{checkOut}}' };
  const body = Object.entries(operation.requestBody?.content ?? {}).find(([type]) => type.includes('json'));
  const token = tokenOf(path, operation);
  const declared = Object.keys(operation.responses).map(Number);
  return request({
    name: `${method.toUpperCase()} ${path}`,
    method: method.toUpperCase(),
    // An unknown id: the response must be one that the document declares.
    path: filled.replaceAll(/(?<!\{)\{(\w+)\}(?!\})/g, (_, name: string) =>
      name === 'id' || name.endsWith('Id') ? '01890000-0000-7000-8000-000000000000' : `:${name}`,
    ),
    query: Object.fromEntries(
      required.map(({ name, schema }) => [name, examples[name] ?? String(exampleOf(schema, schemas))]),
    ),
    ...(token ? { token } : {}),
    ...(body ? { body: exampleOf(body[1].schema, schemas) } : {}),
    ...(method === 'get'
      ? { status: isComplete ? 200 : declared.filter((status) => [200, 400, 404].includes(status)) }
      : {}),
  });
}

function tokenOf(path: string, { security }: Operation): string | null {
  if (!security || security.length === 0) return null;
  if (path.startsWith('/v1/admin/')) return 'adminToken';
  return OF_HOSTS.test(path) ? 'hostToken' : 'guestToken';
}
