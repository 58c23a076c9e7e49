import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { metresBetween, type Point } from '../../geo/domain/point.js';
import { cellOf, displace, displacementKey } from './displacement.js';

const point = fc.record({
  lat: fc.double({ min: -90, max: 90, noNaN: true }),
  lng: fc.double({ min: -180, max: 180, noNaN: true }),
});
const digest = fc.uint8Array({ minLength: 32, maxLength: 32 });

test('displaces by at most 1 km and stays within valid coordinates, also at the poles and the antimeridian', () => {
  fc.assert(
    fc.property(point, digest, (exact, bytes) => {
      const displaced = displace(cellOf(exact), bytes);
      expect(metresBetween(exact, displaced)).toBeLessThanOrEqual(1000);
      expect(Math.abs(displaced.lat)).toBeLessThanOrEqual(90);
      expect(displaced.lng).toBeGreaterThanOrEqual(-180);
      expect(displaced.lng).toBeLessThanOrEqual(180);
    }),
    { numRuns: 2000 },
  );
});

test('distributes displaced points over the whole disc around the centre of the cell', () => {
  const cell = cellOf({ lat: 42.65, lng: -73.75 });
  const exact: Point = cell.centre;
  const displaced = Array.from({ length: 4000 }, (_, i) =>
    displace(cell, createHmac('sha256', 'a secret').update(String(i)).digest()),
  );
  const distances = displaced.map((at) => metresBetween(exact, at));
  const shareWithin = (metres: number) => distances.filter((d) => d <= metres).length / displaced.length;
  // Half of the radius covers a quarter of the area of a disc.
  expect(shareWithin(400)).toBeGreaterThan(0.21);
  expect(shareWithin(400)).toBeLessThan(0.29);
  expect(shareWithin(801)).toBe(1);
  const northEast =
    displaced.filter(({ lat, lng }) => lat > exact.lat && lng > exact.lng).length / displaced.length;
  expect(northEast).toBeGreaterThan(0.21);
  expect(northEast).toBeLessThan(0.29);
});

const HOST = '01890a5d-ac96-774b-bcce-b302099a8057';

/** The public point as a service with this secret computes it. */
function publicPoint(exact: Point): Point {
  const cell = cellOf(exact);
  return displace(cell, createHmac('sha256', 'a secret').update(displacementKey(HOST, cell)).digest());
}

test('gives listings a few steps apart, and edits of one listing, the same public point', () => {
  // Eight listings 0.1 m apart: the mean of their public points must reveal no more than one of them.
  const points = Array.from({ length: 8 }, (_, i) => publicPoint({ lat: 42.65, lng: -73.75 + i * 1.2e-6 }));
  expect(new Set(points.map((point) => JSON.stringify(point))).size).toBe(1);
  // Edits over 100 m by 100 m touch four cells at most.
  const edits = Array.from({ length: 400 }, (_, i) =>
    publicPoint({ lat: 42.65 + (i % 20) * 4.5e-5, lng: -73.75 + Math.floor(i / 20) * 6e-5 }),
  );
  expect(new Set(edits.map((point) => JSON.stringify(point))).size).toBeLessThanOrEqual(4);
});

test('divides the earth into cells of at most 200 m from centre to corner', () => {
  fc.assert(
    fc.property(point, (exact) => {
      expect(metresBetween(exact, cellOf(exact).centre)).toBeLessThanOrEqual(200);
    }),
    { numRuns: 2000 },
  );
  expect(cellOf({ lat: 0.1, lng: 180 })).toEqual(cellOf({ lat: 0.1, lng: -180 }));
  for (const lat of [-90, 90])
    expect(metresBetween({ lat, lng: 0 }, cellOf({ lat, lng: 0 }).centre)).toBeLessThanOrEqual(200);
});

test('produces one key per host and cell', () => {
  const cell = cellOf({ lat: 1, lng: 2 });
  const other = '01890a5d-ac96-774b-bcce-b302099a8058';
  expect(displacementKey(HOST, cell)).toBe(displacementKey(HOST, cellOf({ lat: 1.0000001, lng: 2 })));
  expect(displacementKey(HOST, cell)).not.toBe(displacementKey(HOST, cellOf({ lat: 2, lng: 1 })));
  expect(displacementKey(HOST, cell)).not.toBe(displacementKey(other, cell));
});
