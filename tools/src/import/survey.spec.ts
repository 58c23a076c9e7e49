import type { ListingOutcome } from './listing-row.js';
import { Survey } from './survey.js';

const row = (lat: number, lng: number, currency: string): ListingOutcome => ({
  host: { externalId: '1', displayName: 'Ana' },
  listing: {
    externalId: '2',
    content: { location: { lat, lng }, timeZone: 'UTC', currency },
    pricing: { basePriceMinor: 100 },
    stayRules: {},
  },
  notes: [],
});
const albany = row(42.65, -73.75, 'USD');

function surveyOf(...outcomes: ListingOutcome[]): Survey {
  const survey = new Survey();
  for (const outcome of outcomes) survey.add(outcome);
  return survey;
}

test('the main country is that of most rows', () => {
  expect(surveyOf(row(46.2, 6.14, 'CHF'), albany, albany).mainCountry).toBe('US');
  expect(surveyOf().mainCountry).toBeNull();
});

test('asks for an option only if no row can be imported without it', () => {
  const skipped = { skipped: 'no city', missingOption: 'city' } as const;
  expect(() => surveyOf(skipped, skipped).requireOneCurrency()).toThrow(/--city/);
  expect(() => surveyOf({ ...skipped, missingOption: 'currency' }).requireOneCurrency()).toThrow(
    /--currency/,
  );
  expect(() => surveyOf(skipped, albany).requireOneCurrency()).not.toThrow();
  expect(() => surveyOf({ skipped: 'no price' }).requireOneCurrency()).not.toThrow();
});

test('rejects two currencies', () => {
  expect(() => surveyOf(albany, row(45.5, -73.57, 'CAD')).requireOneCurrency()).toThrow(/CAD, USD/);
});

test('a row with exchanged coordinates does not count as a second currency', () => {
  const valencia = row(39.47, 0.01, 'EUR');
  const turkey = row(36.9, 30.7, 'TRY');
  const exchanged = row(30.7, 36.9, 'JOD');
  expect(() => surveyOf(turkey, turkey, exchanged).requireOneCurrency()).not.toThrow();
  expect(() => surveyOf(turkey, turkey, valencia).requireOneCurrency()).toThrow(/EUR, TRY/);
});
