import type { Point } from '../../listing/domain/place.js';

/** Never crosses the antimeridian: such a viewport is two boxes. */
export interface Box {
  readonly west: number;
  readonly south: number;
  readonly east: number;
  readonly north: number;
}

export const LEVELS = [3, 6, 9, 12] as const;
export type Level = (typeof LEVELS)[number];

/** A viewport is looked up by at most this many cells; the coarsest level never has more. */
const MOST_CELLS = 64;
const KILOMETRES_PER_DEGREE = 111.195;

/** The number of the cell that holds the point, on a grid of 2^level × 2^level cells over the whole earth. */
export function cellOf(point: Point, level: Level): number {
  const side = 2 ** level;
  return row(point.lat, side) * side + column(point.lng, side);
}

/** The finest level on which the boxes touch few enough cells, and those cells. */
export function cellsOf(boxes: readonly Box[]): { level: Level; cells: number[] } {
  for (const level of LEVELS.toReversed()) {
    const cells = new Set<number>();
    const side = 2 ** level;
    const touched = boxes.reduce(
      (sum, box) =>
        sum +
        (row(box.north, side) - row(box.south, side) + 1) *
          (column(box.east, side) - column(box.west, side) + 1),
      0,
    );
    if (touched > MOST_CELLS && level !== LEVELS[0]) continue;
    for (const box of boxes) {
      for (let y = row(box.south, side); y <= row(box.north, side); y += 1) {
        for (let x = column(box.west, side); x <= column(box.east, side); x += 1) cells.add(y * side + x);
      }
    }
    return { level, cells: [...cells] };
  }
  throw new RangeError('there is no coarsest level');
}

/** `west` greater than `east` means across the antimeridian. */
export function viewport(box: Box): Box[] {
  if (box.west <= box.east) return [box];
  return [
    { ...box, east: 180 },
    { ...box, west: -180 },
  ];
}

/** The boxes that hold every point within the radius. */
export function around(centre: Point, radiusKm: number): Box[] {
  const dLat = (radiusKm / KILOMETRES_PER_DEGREE) * 1.001;
  const south = Math.max(-90, centre.lat - dLat);
  const north = Math.min(90, centre.lat + dLat);
  // A circle that holds a pole has every longitude in it.
  if (south === -90 || north === 90) return [{ west: -180, south, east: 180, north }];
  const angle = (dLat * Math.PI) / 180;
  const widest = Math.sin(angle) / Math.cos((centre.lat * Math.PI) / 180);
  if (widest >= 1) return [{ west: -180, south, east: 180, north }];
  const dLng = (Math.asin(widest) * 180) / Math.PI;
  const west = centre.lng - dLng;
  const east = centre.lng + dLng;
  if (west < -180) return viewport({ west: west + 360, south, east, north });
  if (east > 180) return viewport({ west, south, east: east - 360, north });
  return [{ west, south, east, north }];
}

function column(lng: number, side: number): number {
  return Math.min(side - 1, Math.floor(((lng + 180) / 360) * side));
}

function row(lat: number, side: number): number {
  return Math.min(side - 1, Math.floor(((lat + 90) / 180) * side));
}
