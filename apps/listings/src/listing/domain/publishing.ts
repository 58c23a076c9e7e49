/** The fields of a listing that publishing requires. */
export interface Publishable {
  readonly title: string;
  readonly description: string;
  readonly address: { readonly line1: string; readonly city: string } | null;
  readonly location: unknown;
  readonly timeZone: string | null;
  readonly currency: string | null;
  readonly capacity: number | null;
  readonly cancellationPolicy: string | null;
  readonly pricing: { readonly basePriceMinor: number } | null;
  readonly photos: readonly unknown[];
  /** Created by an import: sources have no photos and often no description, so neither is required. */
  readonly imported: boolean;
}

const REQUIREMENTS: readonly (readonly [pointer: string, isMet: (listing: Publishable) => boolean])[] = [
  ['/title', (l) => l.title.trim() !== ''],
  ['/description', (l) => l.imported || l.description.trim() !== ''],
  ['/address', (l) => l.address !== null],
  ['/address/line1', (l) => l.address === null || l.address.line1.trim() !== ''],
  ['/address/city', (l) => l.address === null || l.address.city.trim() !== ''],
  ['/location', (l) => l.location !== null],
  ['/timeZone', (l) => l.timeZone !== null],
  ['/currency', (l) => l.currency !== null],
  ['/capacity', (l) => l.capacity !== null],
  ['/cancellationPolicy', (l) => l.cancellationPolicy !== null],
  ['/pricing/basePriceMinor', (l) => l.pricing !== null && l.pricing.basePriceMinor > 0],
  ['/photos', (l) => l.imported || l.photos.length > 0],
];

/** JSON pointers to the required fields that are not set, in the order of the listing form. */
export function missingToPublish(listing: Publishable): string[] {
  return REQUIREMENTS.filter(([, isMet]) => !isMet(listing)).map(([pointer]) => pointer);
}
