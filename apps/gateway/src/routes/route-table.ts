import createRouter, { type HTTPMethod } from 'find-my-way';
import { operations, type OpenApiDocument, type Operation, type SecurityRequirement } from './openapi.js';

/** Who serves a path, and whether a caller needs a token for it. */
export interface Route {
  service: string;
  /** The path template, as the service's document has it. */
  path: string;
  access: 'public' | 'optional' | 'user';
  /** It takes a file, and so a larger body. */
  upload: boolean;
}

/** A path that two services claim; the one that had it first keeps it. */
export interface Clash {
  method: string;
  path: string;
  owner: string;
  claimedBy: string;
}

export interface RouteTable {
  find(method: string, path: string): Route | null;
  /** The service that owns a claim (see `claimKey`). */
  owner(claim: string): string | null;
  clashes: Clash[];
  size: number;
}

/**
 * The gateway's routes from the services' documents. A path that is claimed twice stays with the service that had it
 * in the `previous` table, else with the one that comes first (ARCHITECTURE §4). Templates that differ only in their
 * parameters' names are the same path.
 */
export function buildRouteTable(
  documents: ReadonlyMap<string, OpenApiDocument>,
  previous?: RouteTable,
): RouteTable {
  const claims = new Map<string, (Route & { method: string })[]>();
  for (const [service, document] of documents) {
    for (const { method, path, operation } of operations(document)) {
      const claim = {
        service,
        method,
        path,
        access: accessOf(operation, document.security),
        upload: operation.requestBody?.content['multipart/form-data'] !== undefined,
      };
      const key = claimKey(method, path);
      claims.set(key, [...(claims.get(key) ?? []), claim]);
    }
  }

  const router = createRouter({ maxParamLength: 1024 });
  const owners = new Map<string, string>();
  const clashes: Clash[] = [];
  for (const [key, claimants] of claims) {
    const before = previous?.owner(key);
    const [first] = claimants;
    const winner = claimants.find((claimant) => claimant.service === before) ?? first;
    if (!winner) continue;
    const { method, ...route } = winner;
    owners.set(key, route.service);
    router.on(method as HTTPMethod, toPattern(route.path), () => undefined, route);
    for (const loser of claimants) {
      if (loser === winner) continue;
      clashes.push({ method, path: loser.path, owner: winner.service, claimedBy: loser.service });
    }
  }
  return {
    find: (method, path) => {
      // HEAD is GET without the body.
      const found = router.find((method === 'HEAD' ? 'GET' : method) as HTTPMethod, path);
      const named = found && Object.values(found.params).every((value) => value !== '');
      return named ? (found.store as Route) : null;
    },
    owner: (key) => owners.get(key) ?? null,
    clashes,
    size: owners.size,
  };
}

/** What two services must not both claim: a method and a path, whatever the parameters are called. */
export function claimKey(method: string, path: string): string {
  return `${method.toUpperCase()} ${path.replace(/\{[^}]+\}/g, '{}')}`;
}

/** `security: []` is a public route; a list with an empty requirement in it takes a token or none. */
function accessOf(operation: Operation, byDefault: SecurityRequirement[] | undefined): Route['access'] {
  const security = operation.security ?? byDefault;
  if (!security) return 'user';
  if (security.length === 0) return 'public';
  return security.some((requirement) => Object.keys(requirement).length === 0) ? 'optional' : 'user';
}

/** `/v1/calendars/{token}.ics` → `/v1/calendars/:token(^[^/]+?).ics`: a parameter that shares its segment stops at the dot. */
function toPattern(path: string): string {
  return path
    .replaceAll(':', '::')
    .replace(/\{([^}]+)\}(\.[\w.]+)?/g, (_, name: string, suffix?: string) =>
      suffix ? `:${name}(^[^.]+)${suffix}` : `:${name}`,
    );
}
