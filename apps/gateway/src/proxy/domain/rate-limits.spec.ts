import { limitOf, requestsOf } from './rate-limits.js';

it.each([
  ['/v1/auth/login', false, 'logIn'],
  ['/v1/auth/login', true, 'logIn'],
  ['/v1/auth/mfa', false, 'logIn'],
  ['/v1/auth/passkeys', false, 'logIn'],
  ['/v1/auth/passkeys/options', false, 'perAddress'],
  ['/v1/auth/oidc', false, 'logIn'],
  ['/v1/auth/oidc/authorization', false, 'perAddress'],
  ['/v1/auth/forgot-password', false, 'logIn'],
  ['/v1/auth/step-up', true, 'session'],
  ['/v1/auth/step-up', false, 'perAddress'],
  ['/v1/auth/step-up/oidc', true, 'session'],
  ['/v1/auth/step-up/oidc/authorization', true, 'perUser'],
  ['/v1/auth/refresh', false, 'refresh'],
  ['/v1/auth/logout', true, 'perUser'],
  ['/v1/me', true, 'perUser'],
  ['/graphql', false, 'perAddress'],
  ['/v1/webhooks/stripe', false, 'none'],
  ['/health/live', false, 'none'],
] as const)('limitOf(%s, signed in: %s) is %s', (path, signedIn, limit) => {
  expect(limitOf(path, signedIn)).toBe(limit);
});

it.each<[string, number, number, number, number?]>([
  ['query', 0, 1, 1],
  ['query', 100, 1, 1],
  ['query', 101, 3, 2],
  ['query', 10_000, 20, 100],
  ['query', 10_000, 20, 60, 60],
  ['mutation', 4, 2, 2],
  ['mutation', 10_000, 70, 70, 60],
  ['mutation', 500, 2, 5],
])(
  'requestsOf a %s of cost %d with %d root fields is %d',
  (type, cost, rootFields, requests, perMinute = Infinity) => {
    expect(requestsOf({ type, cost, rootFields }, perMinute)).toBe(requests);
  },
);
