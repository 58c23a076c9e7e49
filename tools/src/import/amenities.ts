const MAX_SLUG = 40;

/** Brands and sizes are ignored: a "65 inch HDTV with Netflix" is a TV. The first match applies. */
const FAMILIES: readonly (readonly [RegExp, string])[] = [
  [/\bwi-?fi\b/, 'wifi'],
  [/\b(?:hd)?tv\b/, 'tv'],
  [/\bhair dryer\b/, 'hair_dryer'],
  [/\bdryer\b/, 'dryer'],
  [/\bdishwasher\b/, 'dishwasher'],
  [/\bwasher\b/, 'washer'],
  [/\bair condition|\bac\b/, 'air_conditioning'],
  [/\bheating\b/, 'heating'],
  [/\b(?:refrigerator|fridge)\b/, 'refrigerator'],
  [/\boven\b/, 'oven'],
  [/\bstove\b/, 'stove'],
  [/\bcoffee maker\b/, 'coffee_maker'],
  [/\bbody soap\b/, 'body_soap'],
  [/\bshampoo\b/, 'shampoo'],
  [/\bconditioner\b/, 'conditioner'],
  [/\bhot tub\b/, 'hot_tub'],
  [/\bpool table\b/, 'pool_table'],
  [/\bpool\b/, 'pool'],
  [/\bgym\b/, 'gym'],
  [/\bsauna\b/, 'sauna'],
];

export function slug(name: string): string {
  return name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+/, '')
    .slice(0, MAX_SLUG)
    .replace(/_+$/, '');
}

/** The names that search uses, each once; null if the cell is not a JSON array. */
export function amenities(cell: string): string[] | null {
  let names: unknown;
  try {
    names = JSON.parse(cell);
  } catch {
    return null;
  }
  if (!Array.isArray(names)) return null;
  const slugs = names
    .filter((name) => typeof name === 'string')
    .map((name) => FAMILIES.find(([pattern]) => pattern.test(name.toLowerCase()))?.[1] ?? slug(name));
  return [...new Set(slugs)].filter((name) => name !== '');
}
