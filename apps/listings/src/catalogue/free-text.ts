import { AMENITIES } from './domain/amenities.js';
import type { CatalogueItem } from './domain/catalogue-item.js';
import { PROPERTY_TYPES } from './domain/property-types.js';

const MAX_SLUG = 40;

const amenities = codeFinder(Object.values(AMENITIES).flat());
const propertyTypes = codeFinder(PROPERTY_TYPES);

/** The code of the amenity that a free text means, such as `tv` for "65 inch HDTV". */
export const amenityCode = amenities.ofText;
/** The code of the property type that a free text means. */
export const propertyTypeCode = propertyTypes.ofText;

/** The code of the amenity with this code, label or alias; any other slug stays. */
export const amenityCodeOfSlug = amenities.ofName;
/** The code of the property type with this code, label or alias; any other slug stays. */
export const propertyTypeCodeOfSlug = propertyTypes.ofName;

/** A text with one of these words may mean the opposite of an alias that it contains. */
const NEGATION = / (?:no|not|non|without|sans|pas) /;

/**
 * Finds codes of items. `ofName`: of the item whose code, label or alias is the text. `ofText`: otherwise also of the item
 * with the longest alias that the text contains as whole words, and a slug for a text that means no item ('' for one
 * without letters and digits).
 */
function codeFinder(items: readonly CatalogueItem[]) {
  const names = new Map(
    items.flatMap(({ code, labels }) =>
      [code, labels.en, labels.fr].map((name) => [words(name), code] as const),
    ),
  );
  const aliases = new Map(
    items.flatMap(({ code, aliases }) => aliases.map((alias) => [words(alias), code] as const)),
  );
  const phrases = items
    .flatMap(({ code, aliases }) => aliases.map((alias) => ({ phrase: ` ${words(alias)} `, code })))
    .toSorted((a, b) => b.phrase.length - a.phrase.length);
  const named = (name: string) => names.get(name) ?? aliases.get(name);
  return {
    ofName: (slug: string): string => named(words(slug)) ?? slug,
    ofText: (text: string): string => {
      const normalized = words(text);
      const contained = () => {
        const sentence = ` ${normalized} `;
        return NEGATION.test(sentence) ? undefined : phrases.find(({ phrase }) => sentence.includes(phrase));
      };
      return named(normalized) ?? contained()?.code ?? slugOf(normalized);
    },
  };
}

/** Letters and digits in lower case without accents, in words that are separated by one space. */
function words(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, ' ')
    .trim();
}

const slugOf = (normalized: string): string =>
  normalized.replaceAll(' ', '_').slice(0, MAX_SLUG).replace(/_+$/, '');
