import { EVENT_STREAM, JOINED_EXTENSION } from '@roost/http';
import createRouter, { type HTTPMethod } from 'find-my-way';
import {
  METHODS,
  operations,
  type OpenApiDocument,
  type Operation,
  type Parameter,
  type SecurityRequirement,
} from './openapi.js';

const SERVICE_PARAMETER = 'service';

/** The service of a path, and its access rule. */
export interface Route {
  service: string;
  /** The services that share the route; a query parameter names one of them. Null: only `service` has it. */
  sharedBy: readonly string[] | null;
  /** The path template in the document of the service. */
  path: string;
  access: 'public' | 'optional' | 'user';
  /** The route accepts a file, so its body limit is higher. */
  upload: boolean;
  /** The response is a stream of events, which stays open. */
  events: boolean;
  /** The response consists of a part of each service. */
  joined: boolean;
}

/** An operation in the documents of two services that do not share it. The previous owner keeps it. */
export interface Clash {
  method: string;
  path: string;
  owner: string;
  claimedBy: string;
}

export interface RouteTable {
  find(method: string, path: string): Route | null;
  /** The methods that a path has. */
  methods(path: string): string[];
  /** The service that owns an operation (key: `operationKey`). */
  owner(key: string): string | null;
  /** The services that share an operation, or null. */
  sharedBy(key: string): readonly string[] | null;
  clashes: Clash[];
  size: number;
}

/**
 * Builds the route table from the documents of the services. An operation in two documents belongs to its owner in the
 * `previous` table, otherwise to the first service. Templates that differ only in the names of parameters are equal.
 * Services share an operation if each requires its own name in the query parameter `service`.
 */
export function buildRouteTable(
  documents: ReadonlyMap<string, OpenApiDocument>,
  previous?: RouteTable,
): RouteTable {
  const claims = new Map<string, (Route & { method: string; namesService: boolean })[]>();
  for (const [service, document] of documents) {
    for (const { method, path, operation } of operations(document)) {
      const claim = {
        service,
        method,
        path,
        sharedBy: null,
        namesService: isOwnName(service, operation),
        access: accessOf(operation, document.security),
        upload: operation.requestBody?.content['multipart/form-data'] !== undefined,
        events: operation.responses?.['200']?.content?.[EVENT_STREAM] !== undefined,
        joined: operation[JOINED_EXTENSION] === true,
      };
      const key = operationKey(method, path);
      claims.set(key, [...(claims.get(key) ?? []), claim]);
    }
  }

  const router = createRouter({ maxParamLength: 1024 });
  const owners = new Map<string, Route>();
  const clashes: Clash[] = [];
  for (const [key, claimants] of claims) {
    const before = previous?.owner(key);
    const isShared = claimants.every(({ namesService }) => namesService);
    const [first] = claimants;
    const winner = claimants.find((claimant) => claimant.service === before) ?? first;
    if (!winner) continue;
    const { method, namesService: _, ...claimed } = winner;
    const route = { ...claimed, sharedBy: isShared ? claimants.map(({ service }) => service) : null };
    owners.set(key, route);
    router.on(method as HTTPMethod, toPattern(route.path), () => undefined, route);
    for (const loser of claimants) {
      if (loser === winner || isShared) continue;
      clashes.push({ method, path: loser.path, owner: winner.service, claimedBy: loser.service });
    }
  }
  const find = (method: string, path: string): Route | null => {
    // HEAD has the route of GET.
    const found = router.find((method === 'HEAD' ? 'GET' : method) as HTTPMethod, path);
    const complete = found && Object.values(found.params).every((value) => value !== '');
    return complete ? (found.store as Route) : null;
  };
  return {
    find,
    methods: (path) =>
      [...METHODS, 'head'].map((name) => name.toUpperCase()).filter((method) => find(method, path) !== null),
    owner: (key) => owners.get(key)?.service ?? null,
    sharedBy: (key) => owners.get(key)?.sharedBy ?? null,
    clashes,
    size: owners.size,
  };
}

/**
 * The service that a request to the route is forwarded to. Without the name of one, a service that shares the route rejects
 * the request: it checks the caller first.
 */
export function serviceOf({ service, sharedBy }: Route, url: string): string {
  if (sharedBy === null) return service;
  const [named, ...others] = new URL(url, 'http://gateway').searchParams.getAll(SERVICE_PARAMETER);
  return named !== undefined && others.length === 0 && sharedBy.includes(named) ? named : service;
}

/** Whether the operation requires the name of its service in the query. */
function isOwnName(service: string, { parameters = [] }: Operation): boolean {
  const values = parameters.find(isServiceParameter)?.schema?.enum;
  return values?.length === 1 && values[0] === service;
}

export const isServiceParameter = (parameter: Parameter): boolean =>
  parameter.in === 'query' && parameter.name === SERVICE_PARAMETER && parameter.required === true;

/** The identity of an operation: method and path template without the names of parameters. */
export function operationKey(method: string, path: string): string {
  return `${method.toUpperCase()} ${path.replace(/\{[^}]+\}/g, '{}')}`;
}

/** `security: []` is a public route. A list with an empty requirement makes the token optional. */
function accessOf(operation: Operation, byDefault: SecurityRequirement[] | undefined): Route['access'] {
  const security = operation.security ?? byDefault;
  if (!security) return 'user';
  if (security.length === 0) return 'public';
  return security.some((requirement) => Object.keys(requirement).length === 0) ? 'optional' : 'user';
}

/** `/v1/calendars/{token}.ics` → `/v1/calendars/:token(^[^.]+).ics`: a parameter before a suffix ends at the dot. */
function toPattern(path: string): string {
  return path
    .replaceAll(':', '::')
    .replace(/\{([^}]+)\}(\.[\w.]+)?/g, (_, name: string, suffix?: string) =>
      suffix ? `:${name}(^[^.]+)${suffix}` : `:${name}`,
    );
}
