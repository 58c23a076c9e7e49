import { amenityCode } from '@roost/app-listings/free-text';

/** The codes of the amenities, or slugs of those that are in no catalogue, each once; null if the cell is not a JSON array. */
export function amenities(cell: string): string[] | null {
  let names: unknown;
  try {
    names = JSON.parse(cell);
  } catch {
    return null;
  }
  if (!Array.isArray(names)) return null;
  const codes = names.filter((name) => typeof name === 'string').map(amenityCode);
  return [...new Set(codes)].filter((code) => code !== '');
}
