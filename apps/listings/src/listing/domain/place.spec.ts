import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { displace, metresBetween, placeKey, type Point } from './place.js';

const point = fc.record({
  lat: fc.double({ min: -90, max: 90, noNaN: true }),
  lng: fc.double({ min: -180, max: 180, noNaN: true }),
});
const digest = fc.uint8Array({ minLength: 32, maxLength: 32 });

test('the displaced point is at most 1 km away and a point of the earth, at the poles and the antimeridian too', () => {
  fc.assert(
    fc.property(point, digest, (exact, bytes) => {
      const seen = displace(exact, bytes);
      expect(metresBetween(exact, seen)).toBeLessThanOrEqual(1000);
      expect(Math.abs(seen.lat)).toBeLessThanOrEqual(90);
      expect(seen.lng).toBeGreaterThanOrEqual(-180);
      expect(seen.lng).toBeLessThanOrEqual(180);
    }),
    { numRuns: 2000 },
  );
});

test('the points spread over the whole disc around the door', () => {
  const door: Point = { lat: 42.65, lng: -73.75 };
  const seen = Array.from({ length: 4000 }, (_, i) =>
    displace(door, createHmac('sha256', 'a secret').update(String(i)).digest()),
  );
  const distances = seen.map((at) => metresBetween(door, at));
  const within = (metres: number) => distances.filter((d) => d <= metres).length / seen.length;
  // A disc holds a quarter of its area within half of its radius.
  expect(within(500)).toBeGreaterThan(0.21);
  expect(within(500)).toBeLessThan(0.29);
  expect(within(1000)).toBe(1);
  const northEast = seen.filter(({ lat, lng }) => lat > door.lat && lng > door.lng).length / seen.length;
  expect(northEast).toBeGreaterThan(0.21);
  expect(northEast).toBeLessThan(0.29);
});

test('the distance between two cities is right', () => {
  // Albany NY to Edinburgh, by an atlas: about 5,060 km.
  const kilometres = metresBetween({ lat: 42.6526, lng: -73.7562 }, { lat: 55.9533, lng: -3.1883 }) / 1000;
  expect(kilometres).toBeGreaterThan(4900);
  expect(kilometres).toBeLessThan(5150);
});

test('one place has one key, whatever the last digits of its coordinates', () => {
  const host = '01890a5d-ac96-774b-bcce-b302099a8057';
  expect(placeKey(host, { lat: 0.1 + 0.2, lng: 1 })).toBe(placeKey(host, { lat: 0.3, lng: 1 }));
  expect(placeKey(host, { lat: 1, lng: 2 })).not.toBe(placeKey(host, { lat: 2, lng: 1 }));
});
