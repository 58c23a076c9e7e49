import { degrees, EARTH_RADIUS_METRES, type Point, radians } from '../../geo/domain/point.js';

/** One metre below 1 km, so that rounding never exceeds the kilometre. */
const MAX_DISTANCE_METRES = 999;
const DECIMALS = 5;

/** The input of the keyed hash behind `displace`. Equal for the same host at the same point (six decimals). */
export function displacementKey(hostId: string, exact: Point): string {
  return `${hostId}|${exact.lat.toFixed(6)}|${exact.lng.toFixed(6)}`;
}

/**
 * The public point of a listing: up to 1 km from the exact one, uniformly distributed over the disc and
 * determined by the digest alone. Averaging repeated reads, or several listings at one address, reveals nothing.
 *
 * Throws a RangeError for a digest of fewer than 12 bytes.
 */
export function displace(exact: Point, digest: Uint8Array): Point {
  const distance = MAX_DISTANCE_METRES * Math.sqrt(fraction(digest, 0));
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
