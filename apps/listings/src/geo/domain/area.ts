import { metresBetween, type Point } from './point.js';

/** A rectangle in degrees. Never crosses the antimeridian: such a viewport is two boxes. */
export interface Box {
  readonly west: number;
  readonly south: number;
  readonly east: number;
  readonly north: number;
}

export const LEVELS = [3, 6, 9, 12, 14] as const;
export type Level = (typeof LEVELS)[number];

/** The maximum number of cells per lookup. The coarsest level has exactly this many. */
const MAX_CELLS = 64;
const KILOMETRES_PER_DEGREE = 111.195;

/** Boxes, and cells that cover them. */
export interface Area {
  readonly boxes: readonly Box[];
  readonly level: Level;
  readonly cells: readonly number[];
}

/** The number of the cell of a point, on a grid of 2^level × 2^level cells over the whole earth. */
export function cellOf(point: Point, level: Level): number {
  const side = 2 ** level;
  return row(point.lat, side) * side + column(point.lng, side);
}

/** The finest level on which the boxes cover at most `MAX_CELLS` cells, and those cells. */
export function cellsOf(boxes: readonly Box[]): { level: Level; cells: number[] } {
  for (const level of LEVELS.toReversed()) {
    const side = 2 ** level;
    const count = boxes.reduce((sum, box) => sum + cellCount(box, side), 0);
    if (count > MAX_CELLS && level !== LEVELS[0]) continue;
    const cells = new Set<number>();
    for (const box of boxes) {
      for (let y = row(box.south, side); y <= row(box.north, side); y += 1) {
        for (let x = column(box.west, side); x <= column(box.east, side); x += 1) cells.add(y * side + x);
      }
    }
    return { level, cells: [...cells] };
  }
  throw new RangeError('there is no coarsest level');
}

export function viewportArea(box: Box): Area {
  const boxes = viewport(box);
  return { boxes, ...cellsOf(boxes) };
}

/** The boxes around a circle, and their cells without those that do not touch the circle. */
export function circleArea(centre: Point, radiusKm: number): Area {
  const boxes = boxesAround(centre, radiusKm);
  const { level, cells } = cellsOf(boxes);
  const side = 2 ** level;
  const touches = (cell: number) => {
    const middle = centreOf(cell, side);
    const corners = [-0.5, 0.5].map((half) => ({
      lat: middle.lat + (half * 180) / side,
      lng: middle.lng + 180 / side,
    }));
    const reach = Math.max(...corners.map((corner) => metresBetween(middle, corner)));
    return metresBetween(centre, middle) <= (radiusKm * 1000 + reach) * 1.001;
  };
  return { boxes, level, cells: cells.filter(touches) };
}

const centreOf = (cell: number, side: number): Point => ({
  lat: ((Math.floor(cell / side) + 0.5) / side) * 180 - 90,
  lng: (((cell % side) + 0.5) / side) * 360 - 180,
});

/** Splits a viewport into boxes. `west` greater than `east` means that it crosses the antimeridian. */
export function viewport(box: Box): Box[] {
  if (box.west <= box.east) return [box];
  return [
    { ...box, east: 180 },
    { ...box, west: -180 },
  ];
}

/** Boxes that contain every point within the radius. They are slightly larger than the circle. */
export function boxesAround(centre: Point, radiusKm: number): Box[] {
  const dLat = (radiusKm / KILOMETRES_PER_DEGREE) * 1.001;
  const south = Math.max(-90, centre.lat - dLat);
  const north = Math.min(90, centre.lat + dLat);
  // A circle around a pole contains every longitude.
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

function cellCount(box: Box, side: number): number {
  const rows = row(box.north, side) - row(box.south, side) + 1;
  const columns = column(box.east, side) - column(box.west, side) + 1;
  return rows * columns;
}

function column(lng: number, side: number): number {
  return Math.min(side - 1, Math.floor(((lng + 180) / 360) * side));
}

function row(lat: number, side: number): number {
  return Math.min(side - 1, Math.floor(((lat + 90) / 180) * side));
}
