import type { Caller } from './caller.js';
import type { DemoCity, DemoPlace } from './places.js';
import type { Artist } from './pictures/artist.js';
import type { View } from './pictures/picture.js';

interface Listing {
  id: string;
  title: string;
  status: string;
  photos: unknown[];
}

/** Street, rooms: the first one is the cover. */
const viewsOf = (place: DemoPlace): View[] => [
  'outside',
  ...(place.pictures ?? (['living', 'bedroom', 'kitchen'] as const)),
];

/** One host with the places of a city. What is there already is left alone, so it can be asked to do anything twice. */
export class Hosting {
  readonly #known: Promise<Map<string, Listing>>;

  constructor(
    readonly host: Caller,
    readonly city: DemoCity,
    private readonly artist: Artist,
  ) {
    this.#known = host
      .all<Listing>('listings', '/v1/me/listings')
      .then((all) => new Map(all.map((listing) => [listing.title, listing])));
    this.#known.catch(() => undefined);
  }

  /** Publishes the place with its cover. */
  async offer(place: DemoPlace, cover?: Promise<Buffer>): Promise<void> {
    const known = await this.#known;
    let listing = known.get(place.title);
    if (listing?.status === 'published') return;
    listing ??= await this.host.post<Listing>('listings', '/v1/listings', contentOf(this.city, place));
    const path = `/v1/listings/${listing.id}`;
    await this.host.put('listings', `${path}/pricing`, pricesOf(this.city, place));
    await this.host.put('listings', `${path}/stay-rules`, {
      minNights: place.minNights ?? 1,
      preparationNights: place.preparationNights ?? 0,
    });
    if (listing.photos.length === 0) {
      await this.#upload(listing, place, 'outside', cover);
    }
    const published = await this.host.post<Listing>('listings', `${path}/publish`);
    known.set(place.title, published);
  }

  /** The pictures that it lacks. */
  async furnish(place: DemoPlace): Promise<void> {
    const listing = (await this.#known).get(place.title);
    if (!listing) return;
    for (const view of viewsOf(place).slice(listing.photos.length)) {
      await this.#upload(listing, place, view);
    }
  }

  /** Who takes the house takes its rooms. */
  async link(place: DemoPlace): Promise<void> {
    if (!place.rooms) return;
    const listingIds = await Promise.all(place.rooms.map((title) => this.idOf(title)));
    const path = `/v1/listings/${await this.idOf(place.title)}/links`;
    await this.host.eventually(() => this.host.put('bookings', path, { listingIds }));
  }

  async idOf(title: string): Promise<string> {
    const listing = (await this.#known).get(title);
    if (!listing) throw new Error(`There is no "${title}"`);
    return listing.id;
  }

  async #upload(listing: Listing, place: DemoPlace, view: View, drawn?: Promise<Buffer>): Promise<void> {
    const bytes = await (drawn ?? this.artist.draw({ city: this.city.city, title: place.title }, view));
    const form = new FormData();
    form.set('file', new Blob([new Uint8Array(bytes)], { type: 'image/jpeg' }), `${view}.jpg`);
    await this.host.post('listings', `/v1/listings/${listing.id}/photos`, form);
  }
}

function contentOf(city: DemoCity, place: DemoPlace): object {
  const [capacity, bedrooms, beds, bathrooms] = place.size;
  const [lat, lng] = place.at;
  return {
    title: place.title,
    description: place.description,
    propertyType: place.propertyType,
    roomType: place.roomType ?? 'entire_home',
    address: {
      line1: place.street,
      city: city.city,
      region: city.region,
      postalCode: place.postalCode,
      countryCode: city.countryCode,
    },
    location: { lat, lng },
    timeZone: city.timeZone,
    currency: city.currency,
    capacity,
    bedrooms,
    beds,
    bathrooms,
    amenities: place.amenities.split(' '),
    houseRules: place.houseRules ?? 'No smoking inside. Leave it as you would like to find it.',
    registrationNumber: place.registrationNumber ?? null,
    maxPets: place.maxPets ?? 0,
    bookingMode: place.request ? 'request' : 'instant',
    cancellationPolicy: place.policy,
    checkInFrom: city.checkInFrom,
    checkOutUntil: city.checkOutUntil,
  };
}

function pricesOf(city: DemoCity, place: DemoPlace): object {
  const [basePriceMinor, weekendPriceMinor, cleaningFeeMinor] = place.price;
  const [weeklyBps, monthlyBps] = place.discounts ?? [0, 0];
  return {
    basePriceMinor,
    weekendPriceMinor,
    cleaningFeeMinor,
    discounts: {
      weeklyBps,
      monthlyBps,
      earlyBird: place.earlyBird ?? null,
      lastMinute: place.lastMinute ?? null,
    },
    ...(place.extraGuest ? { extraGuest: place.extraGuest } : {}),
    taxes: city.taxes,
  };
}
