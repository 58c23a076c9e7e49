import createRouter, { type HTTPMethod } from 'find-my-way';
import { operations, type OpenApiDocument, type SecurityRequirement } from './openapi.js';

/** Who serves a path, and whether a caller needs a token for it. */
export interface Route {
  service: string;
  /** The path template, as the service's document has it. */
  path: string;
  access: 'public' | 'optional' | 'user';
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
  clashes: Clash[];
  size: number;
}

/**
 * The gateway's routes from the services' documents. The order of `documents` is the order of ownership: who comes
 * first keeps a path that is claimed twice (ARCHITECTURE §4). Templates that differ only in their parameters' names
 * are the same path.
 */
export function buildRouteTable(documents: ReadonlyMap<string, OpenApiDocument>): RouteTable {
  const router = createRouter({ ignoreTrailingSlash: false, maxParamLength: 1024 });
  const owners = new Map<string, Route>();
  const clashes: Clash[] = [];

  for (const [service, document] of documents) {
    for (const { method, path, operation } of operations(document)) {
      const claim = `${method} ${path.replace(/\{[^}]+\}/g, '{}')}`;
      const owner = owners.get(claim);
      if (owner) {
        clashes.push({ method, path, owner: owner.service, claimedBy: service });
        continue;
      }
      const route: Route = { service, path, access: accessOf(operation.security ?? document.security) };
      owners.set(claim, route);
      router.on(method as HTTPMethod, toPattern(path), () => undefined, route);
    }
  }
  return {
    find: (method, path) => {
      // HEAD is GET without the body.
      const found = router.find((method === 'HEAD' ? 'GET' : method) as HTTPMethod, path);
      const named = found && Object.values(found.params).every((value) => value !== '');
      return named ? (found.store as Route) : null;
    },
    clashes,
    size: owners.size,
  };
}

/** `security: []` is a public route; a list with an empty requirement in it takes a token or none. */
function accessOf(security: SecurityRequirement[] | undefined): Route['access'] {
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
