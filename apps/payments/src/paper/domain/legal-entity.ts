import { isCurrency } from '@roost/money';
import { z } from 'zod';

const Line = z.string().trim().min(1).max(200);
const CountryCode = z.string().regex(/^[A-Z]{2}$/);

/** The id of the entity that is the default in development. Production must name its own. */
export const DEVELOPMENT_ENTITY = 'development';

/** A company that takes payments and issues the receipts and credit notes for them. */
export const LegalEntity = z.strictObject({
  /** Never change it: the numbers of papers are counted by it. */
  id: z.string().regex(/^[a-z][a-z0-9-]{0,39}$/),
  name: Line,
  addressLines: z.array(Line).min(1).max(6),
  countryCode: CountryCode,
  taxId: Line.nullable().default(null),
  numberPrefix: z.string().regex(/^[A-Za-z0-9/-]{1,20}$/),
  /** It issues papers for listings in these countries and, after that, for payments in these currencies. */
  countries: z.array(CountryCode).max(250).default([]),
  currencies: z.array(z.string().refine(isCurrency)).max(200).default([]),
});
export type LegalEntity = z.output<typeof LegalEntity>;

const isDefault = ({ countries, currencies }: LegalEntity) =>
  countries.length === 0 && currencies.length === 0;

const distinct = (values: readonly string[]) => new Set(values).size === values.length;

export const LegalEntities = z
  .array(LegalEntity)
  .min(1)
  .max(50)
  .refine((entities) => entities.filter(isDefault).length === 1)
  .refine((entities) => distinct(entities.map(({ id }) => id)))
  .refine((entities) => distinct(entities.map(({ numberPrefix }) => numberPrefix)))
  .refine((entities) => distinct(entities.flatMap(({ countries }) => countries)))
  .refine((entities) => distinct(entities.flatMap(({ currencies }) => currencies)));

/** The entity of a payment: by the country of the listing, then by currency, then the one without either. */
export function legalEntityFor(
  entities: readonly LegalEntity[],
  { countryCode, currency }: { countryCode: string | null; currency: string },
): LegalEntity {
  const entity =
    (countryCode === null ? undefined : entities.find((each) => each.countries.includes(countryCode))) ??
    entities.find((each) => each.currencies.includes(currency)) ??
    entities.find(isDefault);
  if (!entity) throw new Error('No legal entity is the default');
  return entity;
}

/** The part of an entity that papers show. */
export const Seller = LegalEntity.pick({
  name: true,
  addressLines: true,
  countryCode: true,
  taxId: true,
  numberPrefix: true,
});
export type Seller = z.output<typeof Seller>;

export const sellerOf = ({ name, addressLines, countryCode, taxId, numberPrefix }: LegalEntity): Seller => ({
  name,
  addressLines,
  countryCode,
  taxId,
  numberPrefix,
});

/** `DE-000042` */
export const paperNumber = ({ numberPrefix }: Pick<Seller, 'numberPrefix'>, number: number): string =>
  `${numberPrefix}${String(number).padStart(6, '0')}`;
