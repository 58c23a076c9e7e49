import fc from 'fast-check';
import { decideRefresh, type Family, type PresentedToken } from './refresh-rules.js';

const now = new Date('2027-03-01T12:00:00Z');
const ago = (seconds: number) => new Date(now.getTime() - seconds * 1000);
const ahead = (seconds: number) => new Date(now.getTime() + seconds * 1000);

const unused: PresentedToken = { expiresAt: ahead(60), usedAt: null, successor: null };
const live: Family = { expiresAt: ahead(600), revokedAt: null, revokedFor: null, stands: true };
const usedAgo = (seconds: number, successorUsedAt: Date | null = null): PresentedToken => ({
  ...unused,
  usedAt: ago(seconds),
  successor: { usedAt: successorUsedAt },
});

it.each<[string, PresentedToken, Family, string]>([
  ['an unused token', unused, live, 'rotate'],
  ['a token that lapses now', { ...unused, expiresAt: now }, live, 'ended'],
  ['a token with a millisecond left', { ...unused, expiresAt: ahead(0.001) }, live, 'rotate'],
  ['sent again at once', usedAgo(0), live, 'repeat'],
  ['sent again at 10 s', usedAgo(10), live, 'repeat'],
  ['sent again just after 10 s', usedAgo(10.001), live, 'reused'],
  ['sent again at once when the successor is used', usedAgo(1, ago(0.5)), live, 'reused'],
  ['used, and its successor is gone', { ...unused, usedAt: ago(1), successor: null }, live, 'reused'],
  ['a lapsed token that was used', { ...usedAgo(100), expiresAt: ago(50) }, live, 'reused'],
  ['after log-out', unused, { ...live, revokedAt: ago(5), revokedFor: 'logout' }, 'ended'],
  ['a used token after log-out', usedAgo(100), { ...live, revokedAt: ago(5), revokedFor: 'logout' }, 'ended'],
  ['after a re-use', unused, { ...live, revokedAt: ago(5), revokedFor: 'reuse' }, 'dead'],
  ['of a suspended user, or after a new password', unused, { ...live, stands: false }, 'ended'],
  ['of a session past its end', unused, { ...live, expiresAt: now }, 'ended'],
])('%s: %s', (_, token, family, decision) => {
  expect(decideRefresh(token, family, now)).toBe(decision);
});

it('never gives tokens for a family that is revoked, lapsed or not its owner’s any more', () => {
  const instant = fc.integer({ min: -1000, max: 1000 }).map(ahead);
  const token = fc.record<PresentedToken>({
    expiresAt: instant,
    usedAt: fc.option(instant),
    successor: fc.option(fc.record({ usedAt: fc.option(instant) })),
  });
  const family = fc.record<Family>({
    expiresAt: instant,
    revokedAt: fc.option(instant),
    revokedFor: fc.constantFrom('reuse', 'logout', null),
    stands: fc.boolean(),
  });
  fc.assert(
    fc.property(token, family, (t, f) => {
      const given = ['rotate', 'repeat'].includes(decideRefresh(t, f, now));
      if (given) expect(f.revokedAt === null && f.stands && f.expiresAt > now).toBe(true);
    }),
  );
});

it('uses a token at most once', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 100_000 }), fc.boolean(), (seconds, successorUsed) => {
      expect(decideRefresh(usedAgo(seconds, successorUsed ? now : null), live, now)).not.toBe('rotate');
    }),
  );
});
