import type { Caller } from './caller.js';
import type { Painter } from './painter.js';
import type { DemoCity, DemoPlace, PictureView } from './place.js';

interface Listing {
  id: string;
  title: string;
  status: string;
  photos: unknown[];
}

/** The first view is the cover. */
const viewsOf = (place: DemoPlace): PictureView[] => [
  'outside',
  ...(place.pictures ?? (['living', 'bedroom', 'kitchen'] as const)),
];

/** A host and the listings of one city. Every method skips the steps that an earlier run has finished. */
export class DemoHost {
  readonly #listings: Promise<Map<string, Listing>>;

  constructor(
    readonly caller: Caller,
    readonly city: DemoCity,
    private readonly painter: Painter,
  ) {
    this.#listings = caller
      .all<Listing>('listings', '/v1/me/listings')
      .then((all) => new Map(all.map((listing) => [listing.title, listing])));
    this.#listings.catch(() => undefined);
  }

  /** Publishes a listing with its cover. */
  async publishListing(place: DemoPlace, cover?: Promise<Buffer>): Promise<void> {
    const listings = await this.#listings;
    let listing = listings.get(place.title);
    if (listing?.status === 'published') return;
    listing ??= await this.caller.post<Listing>('listings', '/v1/listings', contentOf(this.city, place));
    const path = `/v1/listings/${listing.id}`;
    await this.caller.put('listings', `${path}/pricing`, pricesOf(this.city, place));
    await this.caller.put('listings', `${path}/stay-rules`, {
      minNights: place.minNights ?? 1,
      preparationNights: place.preparationNights ?? 0,
    });
    if (listing.photos.length === 0) {
      await this.#upload(listing, 'outside', cover ?? this.#draw(place, 'outside'));
    }
    const published = await this.caller.post<Listing>('listings', `${path}/publish`);
    listings.set(place.title, published);
  }

  /** Uploads the missing pictures of a listing. The next picture is drawn while one is uploaded. */
  async addPictures(place: DemoPlace): Promise<void> {
    const listing = (await this.#listings).get(place.title);
    if (!listing) return;
    const pictures = viewsOf(place)
      .slice(listing.photos.length)
      .map((view) => ({ view, drawn: this.#draw(place, view) }));
    for (const { view, drawn } of pictures) await this.#upload(listing, view, drawn);
  }

  /** Links the listing of a house to the listings of its rooms, so that a booking of one blocks the other. */
  async linkRooms(place: DemoPlace): Promise<void> {
    if (!place.rooms) return;
    const listingIds = await Promise.all(place.rooms.map((title) => this.listingId(title)));
    const path = `/v1/listings/${await this.listingId(place.title)}/links`;
    await this.caller.eventually(() => this.caller.put('bookings', path, { listingIds }));
  }

  async listingId(title: string): Promise<string> {
    const listing = (await this.#listings).get(title);
    if (!listing) throw new Error(`There is no listing "${title}"`);
    return listing.id;
  }

  #draw(place: DemoPlace, view: PictureView): Promise<Buffer> {
    const picture = this.painter.draw({ city: this.city.city, title: place.title }, view);
    // Awaited later; an upload that fails first must not leave an unhandled rejection.
    picture.catch(() => undefined);
    return picture;
  }

  async #upload(listing: Listing, view: PictureView, picture: Promise<Buffer>): Promise<void> {
    const form = new FormData();
    const file = new Blob([new Uint8Array(await picture)], { type: 'image/jpeg' });
    form.set('file', file, `${view}.jpg`);
    await this.caller.post('listings', `/v1/listings/${listing.id}/photos`, form);
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
