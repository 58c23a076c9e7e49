import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { metresBetween, type Point } from '../../geo/domain/point.js';
import { displace, displacementKey } from './displacement.js';

const point = fc.record({
  lat: fc.double({ min: -90, max: 90, noNaN: true }),
  lng: fc.double({ min: -180, max: 180, noNaN: true }),
});
const digest = fc.uint8Array({ minLength: 32, maxLength: 32 });

test('displaces by at most 1 km and stays within valid coordinates, also at the poles and the antimeridian', () => {
  fc.assert(
    fc.property(point, digest, (exact, bytes) => {
      const displaced = displace(exact, bytes);
      expect(metresBetween(exact, displaced)).toBeLessThanOrEqual(1000);
      expect(Math.abs(displaced.lat)).toBeLessThanOrEqual(90);
      expect(displaced.lng).toBeGreaterThanOrEqual(-180);
      expect(displaced.lng).toBeLessThanOrEqual(180);
    }),
    { numRuns: 2000 },
  );
});

test('distributes displaced points over the whole disc around the exact point', () => {
  const exact: Point = { lat: 42.65, lng: -73.75 };
  const displaced = Array.from({ length: 4000 }, (_, i) =>
    displace(exact, createHmac('sha256', 'a secret').update(String(i)).digest()),
  );
  const distances = displaced.map((at) => metresBetween(exact, at));
  const shareWithin = (metres: number) => distances.filter((d) => d <= metres).length / displaced.length;
  // Half of the radius covers a quarter of the area of a disc.
  expect(shareWithin(500)).toBeGreaterThan(0.21);
  expect(shareWithin(500)).toBeLessThan(0.29);
  expect(shareWithin(1000)).toBe(1);
  const northEast =
    displaced.filter(({ lat, lng }) => lat > exact.lat && lng > exact.lng).length / displaced.length;
  expect(northEast).toBeGreaterThan(0.21);
  expect(northEast).toBeLessThan(0.29);
});

test('produces one key per place, independent of the last digits of its coordinates', () => {
  const host = '01890a5d-ac96-774b-bcce-b302099a8057';
  expect(displacementKey(host, { lat: 0.1 + 0.2, lng: 1 })).toBe(displacementKey(host, { lat: 0.3, lng: 1 }));
  expect(displacementKey(host, { lat: 1, lng: 2 })).not.toBe(displacementKey(host, { lat: 2, lng: 1 }));
});
