import { degrees, EARTH_RADIUS_METRES, type Point, radians } from '../../geo/domain/point.js';

/** The edge of a cell. Points of one cell share one public point, however often they are edited. */
const CELL_METRES = 250;
/** From the centre of a cell. A point of the cell is up to 190 m from its centre, so the sum is below 1 km. */
const MAX_DISTANCE_METRES = 800;
const DECIMALS = 5;

const METRES_PER_DEGREE = EARTH_RADIUS_METRES * radians(1);
const ROWS = Math.ceil((180 * METRES_PER_DEGREE) / CELL_METRES);

/** A cell of a grid of about 250 m by 250 m. */
export interface Cell {
  readonly row: number;
  readonly column: number;
  readonly centre: Point;
}

/** The cell of a point. Rows follow the latitude; each row has as many columns as its length needs. */
export function cellOf({ lat, lng }: Point): Cell {
  const row = Math.min(ROWS - 1, Math.floor(((lat + 90) / 180) * ROWS));
  const centreLat = ((row + 0.5) / ROWS) * 180 - 90;
  const rowMetres = 360 * METRES_PER_DEGREE * Math.cos(radians(centreLat));
  const columns = Math.max(1, Math.ceil(rowMetres / CELL_METRES));
  // The modulo gives 180 degrees east the column of 180 degrees west: they are one meridian.
  const column = Math.floor(((lng + 180) / 360) * columns) % columns;
  return { row, column, centre: { lat: centreLat, lng: ((column + 0.5) / columns) * 360 - 180 } };
}

/** The input of the keyed hash behind `displace`. Equal for the same host in the same cell. */
export function displacementKey(hostId: string, { row, column }: Cell): string {
  return `${hostId}|${row}|${column}`;
}

/**
 * The public point of a listing: up to 1 km from its exact one, uniformly distributed over a disc around the centre of
 * its cell and determined by the cell and the digest alone. The average of repeated reads, of edits, or of several
 * listings in one cell is this same point.
 *
 * Throws a RangeError for a digest of fewer than 12 bytes.
 */
export function displace({ centre }: Cell, digest: Uint8Array): Point {
  const distance = MAX_DISTANCE_METRES * Math.sqrt(fraction(digest, 0));
  const bearing = 2 * Math.PI * fraction(digest, 6);
  const angle = distance / EARTH_RADIUS_METRES;
  const lat = radians(centre.lat);
  const sinOfLat = Math.sin(lat) * Math.cos(angle) + Math.cos(lat) * Math.sin(angle) * Math.cos(bearing);
  const east = Math.sin(bearing) * Math.sin(angle) * Math.cos(lat);
  const north = Math.cos(angle) - Math.sin(lat) * sinOfLat;
  return {
    lat: rounded(degrees(Math.asin(clamp(sinOfLat)))),
    lng: rounded(wrapped(centre.lng + degrees(Math.atan2(east, north)))),
  };
}

/** 48 bits of the digest as a number in [0, 1). */
function fraction(digest: Uint8Array, from: number): number {
  if (digest.length < from + 6) throw new RangeError('the digest is too short');
  let value = 0;
  for (const byte of digest.subarray(from, from + 6)) value = value * 256 + byte;
  return value / 2 ** 48;
}

const clamp = (sine: number) => Math.max(-1, Math.min(1, sine));
const wrapped = (lng: number) => ((((lng + 180) % 360) + 360) % 360) - 180;
const rounded = (degree: number) => Number(degree.toFixed(DECIMALS));
