/** What a listing needs before guests may see it. */
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
  /** It came from elsewhere, where pictures, and often a description, don't come along. */
  readonly imported: boolean;
}

const REQUIREMENTS: readonly (readonly [pointer: string, met: (listing: Publishable) => boolean])[] = [
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

/** JSON pointers into the listing, in the order a host would fill them in. */
export function missingToPublish(listing: Publishable): string[] {
  return REQUIREMENTS.filter(([, met]) => !met(listing)).map(([pointer]) => pointer);
}
