import { AMENITIES } from './domain/amenities.js';
import type { CatalogueItem } from './domain/catalogue-item.js';
import { PROPERTY_TYPES } from './domain/property-types.js';

const MAX_SLUG = 40;

/** The code of the amenity that a free text means, such as `tv` for "65 inch HDTV". */
export const amenityCode = catalogued(Object.values(AMENITIES).flat());

/** The code of the property type that a free text means. */
export const propertyTypeCode = catalogued(PROPERTY_TYPES);

/**
 * Returns a function from free texts to codes: of an item whose code or label is the text, else of the item with the longest
 * alias that the text contains as whole words. A text that means no item becomes a slug; one without letters and digits ''.
 */
function catalogued(items: readonly CatalogueItem[]): (text: string) => string {
  const names = new Map(
    items.flatMap(({ code, labels }) =>
      [code, labels.en, labels.fr].map((name) => [words(name), code] as const),
    ),
  );
  const phrases = items
    .flatMap(({ code, aliases }) => aliases.map((alias) => ({ phrase: ` ${words(alias)} `, code })))
    .toSorted((a, b) => b.phrase.length - a.phrase.length);
  return (text) => {
    const written = words(text);
    const padded = ` ${written} `;
    return (
      names.get(written) ?? phrases.find(({ phrase }) => padded.includes(phrase))?.code ?? slugOf(written)
    );
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

const slugOf = (written: string): string =>
  written.replaceAll(' ', '_').slice(0, MAX_SLUG).replace(/_+$/, '');
