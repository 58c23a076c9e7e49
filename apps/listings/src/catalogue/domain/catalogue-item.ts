export interface CatalogueItem {
  /** Never changes: listings and searches contain it. */
  readonly code: string;
  readonly labels: { readonly en: string; readonly fr: string };
  /** A free text with one of these phrases means this item, unless a longer phrase of another item is in it. */
  readonly aliases: readonly string[];
}

/** Aliases are separated by `|`. */
export const item = (code: string, en: string, fr: string, aliases = ''): CatalogueItem => ({
  code,
  labels: { en, fr },
  aliases: aliases === '' ? [] : aliases.split('|'),
});
