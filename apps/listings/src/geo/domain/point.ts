/** A position in degrees. */
export interface Point {
  readonly lat: number;
  readonly lng: number;
}

export const EARTH_RADIUS_METRES = 6_371_008.8;

/** The great-circle distance (haversine). */
export function metresBetween(a: Point, b: Point): number {
  const half = (x: number) => Math.sin(radians(x) / 2) ** 2;
  const chord =
    half(b.lat - a.lat) + Math.cos(radians(a.lat)) * Math.cos(radians(b.lat)) * half(b.lng - a.lng);
  return 2 * EARTH_RADIUS_METRES * Math.asin(Math.sqrt(Math.min(1, chord)));
}

export const radians = (degree: number) => (degree * Math.PI) / 180;
export const degrees = (radian: number) => (radian * 180) / Math.PI;
