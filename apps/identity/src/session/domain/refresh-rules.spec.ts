import fc from 'fast-check';
import { decideRefresh, type PresentedToken, type TokenFamily } from './refresh-rules.js';

const now = new Date('2027-03-01T12:00:00Z');
const ago = (seconds: number) => new Date(now.getTime() - seconds * 1000);
const ahead = (seconds: number) => new Date(now.getTime() + seconds * 1000);

const unused: PresentedToken = { expiresAt: ahead(60), usedAt: null, successor: null };
const active: TokenFamily = { expiresAt: ahead(600), revokedAt: null, revokedFor: null, valid: true };
const loggedOut: TokenFamily = { ...active, revokedAt: ago(5), revokedFor: 'logout' };
const usedAgo = (seconds: number, successorUsedAt: Date | null = null): PresentedToken => ({
  ...unused,
  usedAt: ago(seconds),
  successor: { usedAt: successorUsedAt },
});

it.each<[string, PresentedToken, TokenFamily, string]>([
  ['an unused token', unused, active, 'rotate'],
  ['a token that expires now', { ...unused, expiresAt: now }, active, 'ended'],
  ['a token a millisecond before its expiry', { ...unused, expiresAt: ahead(0.001) }, active, 'rotate'],
  ['a token sent again at once', usedAgo(0), active, 'repeat'],
  ['a token sent again after 10 s', usedAgo(10), active, 'repeat'],
  ['a token sent again just after 10 s', usedAgo(10.001), active, 'reused'],
  ['a token sent again at once with a used successor', usedAgo(1, ago(0.5)), active, 'reused'],
  ['a used token without a successor', { ...unused, usedAt: ago(1), successor: null }, active, 'reused'],
  ['an expired token that was used', { ...usedAgo(100), expiresAt: ago(50) }, active, 'reused'],
  ['an unused token after log-out', unused, loggedOut, 'ended'],
  ['a used token after log-out', usedAgo(100), loggedOut, 'ended'],
  [
    'a token after a reuse',
    unused,
    { ...active, revokedAt: ago(5), revokedFor: 'reuse' },
    'revoked_for_reuse',
  ],
  ['a token of a suspended user, or after a new password', unused, { ...active, valid: false }, 'ended'],
  ['a token of an expired session', unused, { ...active, expiresAt: now }, 'ended'],
])('decides for %s', (_, token, family, decision) => {
  expect(decideRefresh(token, family, now)).toBe(decision);
});

it('never issues tokens for a revoked, expired or invalid family', () => {
  const instant = fc.integer({ min: -1000, max: 1000 }).map(ahead);
  const token = fc.record<PresentedToken>({
    expiresAt: instant,
    usedAt: fc.option(instant),
    successor: fc.option(fc.record({ usedAt: fc.option(instant) })),
  });
  const family = fc.record<TokenFamily>({
    expiresAt: instant,
    revokedAt: fc.option(instant),
    revokedFor: fc.constantFrom('reuse', 'logout', null),
    valid: fc.boolean(),
  });
  fc.assert(
    fc.property(token, family, (t, f) => {
      const issued = ['rotate', 'repeat'].includes(decideRefresh(t, f, now));
      if (issued) expect(f.revokedAt === null && f.valid && f.expiresAt > now).toBe(true);
    }),
  );
});

it('rotates a token at most once', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 100_000 }), fc.boolean(), (seconds, successorUsed) => {
      expect(decideRefresh(usedAgo(seconds, successorUsed ? now : null), active, now)).not.toBe('rotate');
    }),
  );
});
