import { readFile } from 'node:fs/promises';

/** Per country, the largest city first: the keys of its names (`cityKey`), each between two bars. */
type CityNames = Record<string, readonly string[]>;

let loaded: Promise<CityNames> | null = null;

/** Read when the first place is stored, so that other processes do not need its memory. */
async function load(): Promise<CityNames> {
  const text = await readFile(new URL('./data/city-names.json', import.meta.url), 'utf8');
  return JSON.parse(text) as CityNames;
}

/** The keys of all names of a city, in all languages. Only its own for a city that GeoNames does not list. */
export async function namesOf(countryCode: string, city: string): Promise<string[]> {
  loaded ??= load();
  const line = (await loaded)[countryCode]?.find((names) => names.includes(`|${city}|`));
  return [...new Set([city, ...(line?.split('|').filter((name) => name !== '') ?? [])])];
}
