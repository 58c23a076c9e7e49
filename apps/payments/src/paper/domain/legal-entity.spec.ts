import { type LegalEntity, LegalEntities, legalEntityFor, paperNumber } from './legal-entity.js';

const entity = (id: string, overrides: Partial<LegalEntity> = {}) => ({
  id,
  name: `${id} Ltd`,
  addressLines: ['1 Main Street'],
  countryCode: 'US',
  numberPrefix: `${id.toUpperCase()}-`,
  ...overrides,
});

const entities = LegalEntities.parse([
  entity('us'),
  entity('de', { countries: ['DE', 'AT'] }),
  entity('eu', { currencies: ['EUR'] }),
]);

test.each([
  ['DE', 'EUR', 'de'],
  ['AT', 'USD', 'de'],
  ['FR', 'EUR', 'eu'],
  [null, 'EUR', 'eu'],
  ['FR', 'JPY', 'us'],
  [null, 'USD', 'us'],
])('a payment for a listing in %s in %s belongs to %s', (countryCode, currency, id) => {
  expect(legalEntityFor(entities, { countryCode, currency }).id).toBe(id);
});

test.each([
  ['no entity', []],
  ['no default', [entity('de', { countries: ['DE'] })]],
  ['two defaults', [entity('us'), entity('uk')]],
  ['one id twice', [entity('us'), entity('us', { numberPrefix: 'X-', currencies: ['EUR'] })]],
  ['one prefix twice', [entity('us'), entity('de', { numberPrefix: 'US-', currencies: ['EUR'] })]],
  [
    'one country twice',
    [entity('us'), entity('de', { countries: ['DE'] }), entity('at', { countries: ['DE'] })],
  ],
  [
    'one currency twice',
    [entity('us'), entity('de', { currencies: ['EUR'] }), entity('fr', { currencies: ['EUR'] })],
  ],
  ['an unknown currency', [entity('us'), entity('de', { currencies: ['EUX'] })]],
  ['an unknown field', [{ ...entity('us'), vat: 'x' }]],
  ['no address', [entity('us', { addressLines: [] })]],
])('rejects %s', (_, value) => {
  expect(LegalEntities.safeParse(value).success).toBe(false);
});

test.each([
  [1, 'DE-000001'],
  [999_999, 'DE-999999'],
  [1_000_000, 'DE-1000000'],
])('formats number %d as %s', (number, text) => {
  expect(paperNumber({ numberPrefix: 'DE-' }, number)).toBe(text);
});
