/** Guest A and host A own the objects of the matrix; guest B and host B do not. */
export const CALLERS = [
  'anonymous',
  'unverified',
  'guestA',
  'guestB',
  'hostA',
  'hostB',
  'suspended',
  'admin',
] as const;
export type Caller = (typeof CALLERS)[number];

export interface Rule {
  /** Of the route. The graph verifies every token that it gets. */
  token: 'ignored' | 'optional' | 'required';
  /** One of them is needed. */
  roles?: readonly ('host' | 'admin')[];
  verified?: true;
  /** The callers for whom the object exists; default: all. */
  of?: readonly Caller[];
  /** The callers who may read the object, but not do this with it. */
  forbidden?: readonly Caller[];
}

/** The code of a business error: the same for all, or of single callers. */
export type ExpectedError = string | Partial<Record<Caller, string>>;

/** What a caller gets: success, an object that does not exist for them, or the code of an error. */
export type Outcome = 'allowed' | 'hidden' | (string & {});

const ROLES: Record<Caller, readonly string[]> = {
  ...{ anonymous: [], unverified: [], guestA: [], guestB: [] },
  ...{ hostA: ['host'], hostB: ['host'], suspended: ['host', 'admin'], admin: ['admin'] },
};

interface Expectation {
  rule: Rule;
  isField: boolean;
  error?: ExpectedError | undefined;
}

/** In the order of `AccessGuard`: the account, the role, the mail address, then the object. */
export function expectedOutcome({ rule, isField, error }: Expectation, caller: Caller): Outcome {
  if (caller === 'suspended' && (isField || rule.token !== 'ignored')) return 'account.suspended';
  if (caller === 'anonymous' && rule.token === 'required') return 'auth.missing_token';
  if (rule.roles && !rule.roles.some((role) => ROLES[caller].includes(role))) return 'auth.forbidden';
  if (rule.verified && caller === 'unverified') return 'auth.email_unverified';
  if (rule.forbidden?.includes(caller)) return 'auth.forbidden';
  if (rule.of && !rule.of.includes(caller)) return 'hidden';
  return (typeof error === 'object' ? error[caller] : error) ?? 'allowed';
}

/** Whether the operation may succeed, or fail for another reason than the caller. */
export const isAllowedBy = ({ rule, isField }: Expectation, caller: Caller): boolean =>
  expectedOutcome({ rule, isField }, caller) === 'allowed';
