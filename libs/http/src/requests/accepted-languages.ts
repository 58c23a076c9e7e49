import { weightedValues } from './weighted-values.js';

/** The language tags of an `Accept-Language` header in canonical form, such as `fr-CA`, the preferred first. */
export function acceptedLanguages(header: string | undefined): string[] {
  return weightedValues(header ?? '')
    .filter(({ quality }) => quality > 0)
    .toSorted((a, b) => b.quality - a.quality)
    .flatMap(({ value }) => canonical(value));
}

function canonical(tag: string): string[] {
  try {
    return Intl.getCanonicalLocales(tag);
  } catch {
    return [];
  }
}
