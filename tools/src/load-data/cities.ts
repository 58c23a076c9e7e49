import type { Random } from '../check/random.js';

export type Language = 'en' | 'fr' | 'de' | 'es' | 'pt' | 'it' | 'ja';

export interface City {
  name: string;
  countryCode: string;
  lat: number;
  lng: number;
  timeZone: string;
  currency: string;
  language: Language;
}

const city = (
  name: string,
  [lat, lng]: [number, number],
  region: Omit<City, 'name' | 'lat' | 'lng'>,
): City => ({
  name,
  lat,
  lng,
  ...region,
});
const region = (countryCode: string, timeZone: string, currency: string, language: Language = 'en') => ({
  ...{ countryCode, timeZone, currency, language },
});

const FRANCE = region('FR', 'Europe/Paris', 'EUR', 'fr');
const GERMANY = region('DE', 'Europe/Berlin', 'EUR', 'de');
const SPAIN = region('ES', 'Europe/Madrid', 'EUR', 'es');
const ITALY = region('IT', 'Europe/Rome', 'EUR', 'it');
const BRITAIN = region('GB', 'Europe/London', 'GBP');
const PORTUGAL = region('PT', 'Europe/Lisbon', 'EUR', 'pt');
const JAPAN = region('JP', 'Asia/Tokyo', 'JPY', 'ja');
const EASTERN = region('US', 'America/New_York', 'USD');
const PACIFIC = region('US', 'America/Los_Angeles', 'USD');

/** From the city with the most listings to that with the fewest. */
export const CITIES: readonly City[] = [
  city('Paris', [48.8566, 2.3522], FRANCE),
  city('London', [51.5074, -0.1278], BRITAIN),
  city('New York', [40.7128, -74.006], EASTERN),
  city('Rome', [41.9028, 12.4964], ITALY),
  city('Tokyo', [35.6762, 139.6503], JAPAN),
  city('Barcelona', [41.3874, 2.1686], SPAIN),
  city('Berlin', [52.52, 13.405], GERMANY),
  city('Lisbon', [38.7223, -9.1393], PORTUGAL),
  city('Los Angeles', [34.0522, -118.2437], PACIFIC),
  city('Madrid', [40.4168, -3.7038], SPAIN),
  city('Rio de Janeiro', [-22.9068, -43.1729], region('BR', 'America/Sao_Paulo', 'BRL', 'pt')),
  city('Mexico City', [19.4326, -99.1332], region('MX', 'America/Mexico_City', 'MXN', 'es')),
  city('Sydney', [-33.8688, 151.2093], region('AU', 'Australia/Sydney', 'AUD')),
  city('Milan', [45.4642, 9.19], ITALY),
  city('Amsterdam', [52.3676, 4.9041], region('NL', 'Europe/Amsterdam', 'EUR')),
  city('Vienna', [48.2082, 16.3738], region('AT', 'Europe/Vienna', 'EUR', 'de')),
  city('Porto', [41.1579, -8.6291], PORTUGAL),
  city('Kyoto', [35.0116, 135.7681], JAPAN),
  city('Cape Town', [-33.9249, 18.4241], region('ZA', 'Africa/Johannesburg', 'ZAR')),
  city('Buenos Aires', [-34.6037, -58.3816], region('AR', 'America/Argentina/Buenos_Aires', 'ARS', 'es')),
  city('Austin', [30.2672, -97.7431], region('US', 'America/Chicago', 'USD')),
  city('Montreal', [45.5019, -73.5674], region('CA', 'America/Toronto', 'CAD', 'fr')),
  city('Nice', [43.7102, 7.262], FRANCE),
  city('Munich', [48.1351, 11.582], GERMANY),
  city('Seville', [37.3891, -5.9845], SPAIN),
  city('Florence', [43.7696, 11.2558], ITALY),
  city('Edinburgh', [55.9533, -3.1883], BRITAIN),
  city('Zürich', [47.3769, 8.5417], region('CH', 'Europe/Zurich', 'CHF', 'de')),
  city('Copenhagen', [55.6761, 12.5683], region('DK', 'Europe/Copenhagen', 'DKK')),
  city('Athens', [37.9838, 23.7275], region('GR', 'Europe/Athens', 'EUR')),
  city('Prague', [50.0755, 14.4378], region('CZ', 'Europe/Prague', 'CZK')),
  city('Lyon', [45.764, 4.8357], FRANCE),
  city('Hamburg', [53.5511, 9.9937], GERMANY),
  city('Valencia', [39.4699, -0.3763], SPAIN),
  city('Naples', [40.8518, 14.2681], ITALY),
  city('Osaka', [34.6937, 135.5023], JAPAN),
  city('San Francisco', [37.7749, -122.4194], PACIFIC),
  city('Auckland', [-36.8485, 174.7633], region('NZ', 'Pacific/Auckland', 'NZD')),
  city('Suva', [-18.1248, 178.4501], region('FJ', 'Pacific/Fiji', 'FJD')),
  city('Reykjavík', [64.1466, -21.9426], region('IS', 'Atlantic/Reykjavik', 'ISK')),
];

/** The share of listings in villages all over the land around the cities, with a few listings each. */
const VILLAGE_SHARE = 0.12;
const VILLAGES = 5_000;
const VILLAGE_DEGREES = 3;
const CITY_DEGREES = 0.06;

const cumulative = CITIES.reduce<number[]>(
  (sums, _, rank) => [...sums, (sums.at(-1) ?? 0) + 1 / (rank + 1)],
  [],
);

/** A city with a probability of 1/rank (Zipf), or a village near one. */
export function pickCity(random: Random): { city: City; spreadDegrees: number } {
  if (random.chance(VILLAGE_SHARE))
    return { city: village(random.integer(0, VILLAGES - 1)), spreadDegrees: 0.02 };
  const target = random.next() * (cumulative.at(-1) ?? 0);
  const rank = cumulative.findIndex((sum) => target < sum);
  return { city: CITIES[rank] as City, spreadDegrees: CITY_DEGREES };
}

function village(number: number): City {
  const near = CITIES[number % CITIES.length] as City;
  const angle = number * 2.399963; // the golden angle: an even distribution over the disc
  const distance = 0.2 + VILLAGE_DEGREES * Math.sqrt(number / VILLAGES);
  return {
    ...near,
    name: `Village ${number + 1}`,
    lat: near.lat + distance * Math.sin(angle),
    lng: near.lng + distance * Math.cos(angle),
  };
}
