export interface Point {
  readonly lat: number;
  readonly lng: number;
}

const EARTH_RADIUS_METRES = 6_371_008.8;
/** The rest of the kilometre is left for rounding. */
const FARTHEST_METRES = 999;
const DECIMALS = 5;

/** What the displacement is a keyed hash of: the same host at the same point always lands on the same spot. */
export function placeKey(hostId: string, exact: Point): string {
  return `${hostId}|${exact.lat.toFixed(6)}|${exact.lng.toFixed(6)}`;
}

/**
 * The point that strangers see: up to 1 km away, evenly spread over the disc, decided by the digest alone.
 * So neither repeated reads nor the rooms of one house can be averaged back to the door.
 */
export function displace(exact: Point, digest: Uint8Array): Point {
  const distance = FARTHEST_METRES * Math.sqrt(fraction(digest, 0));
  const bearing = 2 * Math.PI * fraction(digest, 6);
  const angle = distance / EARTH_RADIUS_METRES;
  const lat = radians(exact.lat);
  const sinOfLat = Math.sin(lat) * Math.cos(angle) + Math.cos(lat) * Math.sin(angle) * Math.cos(bearing);
  const east = Math.sin(bearing) * Math.sin(angle) * Math.cos(lat);
  const north = Math.cos(angle) - Math.sin(lat) * sinOfLat;
  return {
    lat: rounded(degrees(Math.asin(clamp(sinOfLat)))),
    lng: rounded(wrapped(exact.lng + degrees(Math.atan2(east, north)))),
  };
}

export function metresBetween(a: Point, b: Point): number {
  const half = (x: number) => Math.sin(radians(x) / 2) ** 2;
  const chord =
    half(b.lat - a.lat) + Math.cos(radians(a.lat)) * Math.cos(radians(b.lat)) * half(b.lng - a.lng);
  return 2 * EARTH_RADIUS_METRES * Math.asin(Math.sqrt(Math.min(1, chord)));
}

/** 48 bits of the digest as a number in [0, 1). */
function fraction(digest: Uint8Array, from: number): number {
  if (digest.length < from + 6) throw new RangeError('the digest is too short');
  let value = 0;
  for (const byte of digest.subarray(from, from + 6)) value = value * 256 + byte;
  return value / 2 ** 48;
}

const radians = (degree: number) => (degree * Math.PI) / 180;
const degrees = (radian: number) => (radian * 180) / Math.PI;
const clamp = (sine: number) => Math.max(-1, Math.min(1, sine));
const wrapped = (lng: number) => ((((lng + 180) % 360) + 360) % 360) - 180;
const rounded = (degree: number) => Number(degree.toFixed(DECIMALS));
