import fc from 'fast-check';
import { type Box, boxesAround, cellOf, cellsOf, circleArea, LEVELS, viewport } from './area.js';
import { metresBetween } from './point.js';

const lat = fc.double({ min: -90, max: 90, noNaN: true });
const lng = fc.double({ min: -180, max: 180, noNaN: true });
const point = fc.record({ lat, lng });
const contains = (boxes: Box[], at: { lat: number; lng: number }) =>
  boxes.some((box) => at.lat >= box.south && at.lat <= box.north && at.lng >= box.west && at.lng <= box.east);

test('covers every point of a viewport with at most 64 cells', () => {
  fc.assert(
    fc.property(fc.tuple(lat, lat), lng, lng, point, ([a, b], west, east, at) => {
      const boxes = viewport({ west, east, south: Math.min(a, b), north: Math.max(a, b) });
      const { level, cells } = cellsOf(boxes);
      expect(cells.length).toBeLessThanOrEqual(64);
      expect(new Set(cells).size).toBe(cells.length);
      if (contains(boxes, at)) expect(cells).toContain(cellOf(at, level));
    }),
    { numRuns: 2000 },
  );
});

test('uses the finest level for a town and the coarsest for the whole earth', () => {
  expect(cellsOf([{ west: -73.9, south: 42.6, east: -73.7, north: 42.7 }]).level).toBe(12);
  expect(cellsOf([{ west: -180, south: -90, east: 180, north: 90 }])).toEqual({
    level: LEVELS[0],
    cells: Array.from({ length: 64 }, (_, i) => i),
  });
});

test('covers every point of a circle, also near the poles and the antimeridian', () => {
  const km = fc.oneof(
    fc.double({ min: 0.1, max: 500, noNaN: true }),
    fc.double({ min: 0.1, max: 10, noNaN: true }),
  );
  const share = fc.double({ min: -1, max: 1, noNaN: true });
  fc.assert(
    fc.property(point, km, share, share, (centre, radius, north, east) => {
      const degrees = radius / 111;
      const at = {
        lat: Math.max(-90, Math.min(90, centre.lat + degrees * north)),
        lng:
          ((((centre.lng + (degrees * east) / Math.max(0.01, Math.cos((centre.lat * Math.PI) / 180)) + 180) %
            360) +
            360) %
            360) -
          180,
      };
      fc.pre(metresBetween(centre, at) <= radius * 1000);
      const { level, cells } = circleArea(centre, radius);
      expect(cells).toContain(cellOf(at, level));
    }),
    { numRuns: 3000 },
  );
});

test('leaves out the cells at the corners of a circle', () => {
  const centre = { lat: 48.85, lng: 2.35 };
  const inBox = cellsOf(boxesAround(centre, 3)).cells;
  const inCircle = circleArea(centre, 3).cells;
  expect(inCircle.length).toBeLessThan(inBox.length);
  expect(inBox).toEqual(expect.arrayContaining(inCircle));
});

test('splits a viewport across the antimeridian into two boxes', () => {
  expect(viewport({ west: 170, south: -20, east: -170, north: 0 })).toEqual([
    { west: 170, south: -20, east: 180, north: 0 },
    { west: -180, south: -20, east: -170, north: 0 },
  ]);
});

test('returns boxes that contain every point within the radius, also near the poles and the antimeridian', () => {
  const km = fc.double({ min: 0.1, max: 500, noNaN: true });
  const northward = fc.double({ min: -5, max: 5, noNaN: true });
  const eastward = fc.oneof(
    fc.double({ min: -5, max: 5, noNaN: true }),
    fc.double({ min: -180, max: 180, noNaN: true }),
  );
  fc.assert(
    fc.property(point, km, fc.record({ northward, eastward }), (centre, radius, offset) => {
      const at = {
        lat: Math.max(-90, Math.min(90, centre.lat + offset.northward)),
        lng: ((((centre.lng + offset.eastward + 180) % 360) + 360) % 360) - 180,
      };
      fc.pre(metresBetween(centre, at) <= radius * 1000);
      expect(contains(boxesAround(centre, radius), at)).toBe(true);
    }),
    { numRuns: 1000 },
  );
});
