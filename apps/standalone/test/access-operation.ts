import type { Caller, ExpectedError, Outcome, Rule } from './access-outcome.js';

/** The objects of guest A and host A, by id. */
export interface Objects {
  [name: string]: string;
}

/** One operation: a route, or a field of the graph that does the same, or both; and a body that passes validation. */
export interface Operation {
  route?: string;
  field?: string;
  /** The object of `id`, if it is not that of the collection before it, or of the type that the field returns. */
  object?: string;
  body?: (objects: Objects) => unknown;
  /** The query parameters that the route requires, and the arguments of the field. */
  query?: Record<string, string>;
  /** What callers get for whom the operation is allowed; default: it succeeds. */
  error?: ExpectedError;
  /** The same of the field, where the route has changed the object before. */
  fieldError?: ExpectedError;
  /** What the owner gets if the body names an object of another owner. */
  foreign?: Outcome;
}

export const PUBLIC: Rule = { token: 'ignored' };
export const OPTIONAL: Rule = { token: 'optional' };
export const USER: Rule = { token: 'required' };
export const VERIFIED: Rule = { token: 'required', verified: true };
export const HOST: Rule = { token: 'required', roles: ['host'] };
export const HOST_OR_ADMIN: Rule = { token: 'required', roles: ['host', 'admin'] };
export const VERIFIED_HOST: Rule = { token: 'required', roles: ['host'], verified: true };
export const ADMIN: Rule = { token: 'required', roles: ['admin'] };

export const GUEST = ['guestA'] as const;
export const GUEST_OR_ADMIN = ['guestA', 'admin'] as const;
export const HOST_A = ['hostA'] as const;
export const HOST_A_OR_ADMIN = ['hostA', 'admin'] as const;
export const PARTIES = ['guestA', 'hostA'] as const;
export const PARTIES_OR_ADMIN = ['guestA', 'hostA', 'admin'] as const;
export const of = (rule: Rule, callers: readonly Caller[]): Rule => ({ ...rule, of: callers });

export const both = (route: string, field: string, body?: Operation['body']): Operation => ({
  route,
  field,
  ...(body ? { body } : {}),
});
export const routes = (...names: string[]): Operation[] => names.map((route) => ({ route }));
