import { addDuration } from '@roost/stay';
import { bookStay, cancelStay, reviewStay } from './booking.js';
import { Caller, type ServiceUrls } from './caller.js';
import { Hosting } from './hosting.js';
import { CITIES, type DemoPlace } from './places.js';
import type { Artist } from './pictures/artist.js';
import { COMING, type DemoStay, PAST } from './stays.js';

const NAMES = {
  host1: 'Inês Carvalho',
  host2: 'Marc-André Tremblay',
  host3: 'Haruko Nishida',
  guest1: 'Amara Okafor',
  guest2: 'Jonas Lindqvist',
  guest3: 'Sofía Méndez',
} as const;
type Name = keyof typeof NAMES;

/** How long before the first booking the hosts have been here. */
const DAYS_OF_GRACE = 2;

export interface DemoCounts {
  listings: number;
  pictures: number;
  bookings: Record<string, number>;
  reviews: number;
  wishlists: number;
}

/** Where the past happened: these places are needed first. */
const withPast = new Set(PAST.map(({ place }) => place));

/** The covers of the places that the past needs, drawn while the services start. */
export function drawCovers(artist: Artist): Map<string, Promise<Buffer>> {
  const covers = new Map<string, Promise<Buffer>>();
  for (const { city, places } of CITIES) {
    for (const { title } of places.filter((place) => withPast.has(place.title))) {
      const cover = artist.draw({ city, title }, 'outside');
      cover.catch(() => undefined);
      covers.set(title, cover);
    }
  }
  return covers;
}

/**
 * The demo as its people live it: hosts list, guests book and pay, both review, each through the routes and rules that
 * everybody has. So every projection, mail and ledger entry is what it would be.
 */
export class Demo {
  readonly #people: Record<Name, Caller>;
  readonly #hostings: readonly Hosting[];

  constructor(
    private readonly urls: ServiceUrls,
    artist: Artist,
    private readonly signal: AbortSignal,
  ) {
    this.#people = Object.fromEntries(
      Object.keys(NAMES).map((name) => [name, new Caller(name, urls, signal)]),
    ) as Record<Name, Caller>;
    this.#hostings = CITIES.map((city) => new Hosting(this.#people[city.host], city, artist));
  }

  /**
   * What has already happened, with the domain clock turned back and then brought up to now day by day: check-ins,
   * check-outs and payouts fall due on their days. Only while nobody else is here, because the clock is everybody's.
   */
  async livePast(covers: ReadonlyMap<string, Promise<Buffer>>): Promise<void> {
    const today = new Date();
    const ids = new Map<DemoStay, string>();
    const first = Math.min(...PAST.map(({ booked = 0 }) => booked)) - DAYS_OF_GRACE;
    try {
      await this.#setClock(today, first);
      await Promise.all(
        Object.entries(NAMES).map(([name, displayName]) =>
          this.#people[name as Name].patch('identity', '/v1/me', { displayName }),
        ),
      );
      await Promise.all(
        this.#hostings.map(async (hosting) => {
          for (const place of hosting.city.places.filter(({ title }) => withPast.has(title))) {
            await hosting.offer(place, covers.get(place.title));
          }
        }),
      );
      for (const day of days()) {
        await this.#setClock(today, day);
        await Promise.all(PAST.map((stay) => this.#live(stay, day, ids, today)));
      }
    } finally {
      await this.#resetClock();
    }
    await Promise.all(PAST.map((stay) => this.#live(stay, 0, ids, today)));
  }

  /** All the rest, in the background. Leaves alone what is there, so that an interrupted load goes on. */
  async settleIn(): Promise<void> {
    await this.#eachPlace(
      (place) => !withPast.has(place.title),
      (hosting, place) => hosting.offer(place),
    );
    for (const stay of COMING) {
      const actors = await this.#actors(stay, new Date());
      await cancelStay(stay, await bookStay(stay, actors), actors);
    }
    await this.#eachPlace(
      (place) => place.rooms !== undefined,
      (hosting, place) => hosting.link(place),
    );
    await this.#dream();
    await this.#eachPlace(
      () => true,
      (hosting, place) => hosting.furnish(place),
    );
  }

  async counts(): Promise<DemoCounts> {
    const hosts = this.#hostings.map(({ host }) => host);
    const guests = [this.#people.guest1, this.#people.guest2, this.#people.guest3];
    const over = async <T>(who: Caller[], service: keyof ServiceUrls, path: string) =>
      (await Promise.all(who.map((one) => one.all<T>(service, path)))).flat();
    const listings = await over<{ id: string; photos: unknown[] }>(hosts, 'listings', '/v1/me/listings');
    const stays = await over<{ state: string }>(guests, 'bookings', '/v1/me/bookings?role=guest');
    const bookings: Record<string, number> = {};
    for (const { state } of stays.toSorted((a, b) => a.state.localeCompare(b.state))) {
      bookings[state] = (bookings[state] ?? 0) + 1;
    }
    const reviewed = listings.map(({ id }) =>
      this.#people.guest1.all('reviews', `/v1/listings/${id}/reviews`),
    );
    const wishlists = await over(guests, 'listings', '/v1/me/wishlists');
    return {
      listings: listings.length,
      pictures: listings.reduce((sum, { photos }) => sum + photos.length, 0),
      bookings,
      reviews: (await Promise.all(reviewed)).flat().length,
      wishlists: wishlists.length,
    };
  }

  async #live(stay: DemoStay, day: number, ids: Map<DemoStay, string>, today: Date): Promise<void> {
    const actors = await this.#actors(stay, today);
    if (stay.booked === day) ids.set(stay, await bookStay(stay, actors));
    const id = ids.get(stay);
    if (id === undefined) return;
    if (stay.thenOn === day) await cancelStay(stay, id, actors);
    if (reviewDay(stay) === day) await reviewStay(stay, id, actors);
  }

  async #actors(stay: DemoStay, today: Date) {
    for (const hosting of this.#hostings) {
      if (!hosting.city.places.some(({ title }) => title === stay.place)) continue;
      const listingId = await hosting.idOf(stay.place);
      return { guest: this.#people[stay.guest], host: hosting.host, city: hosting.city, listingId, today };
    }
    throw new Error(`No city has "${stay.place}"`);
  }

  /** What guests keep for later. */
  async #dream(): Promise<void> {
    const wishes = [
      ['guest1', 'Japan, some day', 'Kyoto', 3],
      ['guest2', 'With the children', 'Lisbon', 2],
      ['guest3', 'Winter', 'Montréal', 4],
    ] as const;
    for (const [name, title, city, count] of wishes) {
      const guest = this.#people[name];
      const known = await guest.all<{ id: string; name: string }>('listings', '/v1/me/wishlists');
      const list =
        known.find((one) => one.name === title) ??
        (await guest.post<{ id: string }>('listings', '/v1/wishlists', { name: title }));
      const hosting = this.#hostings.find((one) => one.city.city === city);
      for (const { title: place } of hosting?.city.places.slice(3, 3 + count) ?? []) {
        await guest.put('listings', `/v1/wishlists/${list.id}/listings/${await hosting?.idOf(place)}`);
      }
    }
  }

  /** One after the other: nobody waits for the pictures, and several at once take memory that is never given back. */
  async #eachPlace(
    concerns: (place: DemoPlace) => boolean,
    work: (hosting: Hosting, place: DemoPlace) => Promise<void>,
  ): Promise<void> {
    for (const hosting of this.#hostings) {
      for (const place of hosting.city.places.filter(concerns)) await work(hosting, place);
    }
  }

  async #setClock(today: Date, day: number): Promise<void> {
    await this.#moveClock({
      set: addDuration(today, `${day < 0 ? '-' : ''}P${Math.abs(day)}D`).toISOString(),
    });
  }

  async #resetClock(): Promise<void> {
    await this.#moveClock({ reset: true });
  }

  async #moveClock(move: object): Promise<void> {
    const response = await fetch(`${this.urls.identity}/dev/clock`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(move),
      signal: AbortSignal.any([this.signal, AbortSignal.timeout(30_000)]),
    });
    if (!response.ok) throw new Error(`The domain clock can't be moved: ${response.status}`);
    await response.arrayBuffer();
  }
}

const checkOut = (stay: DemoStay) => stay.checkIn + stay.nights;

/** Two days after the check-out, whatever the time of day is there. */
const reviewDay = (stay: DemoStay): number | null =>
  stay.guestSays ? Math.min(0, checkOut(stay) + 2) : null;

/** Every day on which something happens, oldest first. */
function days(): number[] {
  const all = PAST.flatMap((stay) => [
    stay.booked ?? 0,
    ...(stay.then ? [stay.thenOn ?? 0] : [stay.checkIn + 1, checkOut(stay) + 1, reviewDay(stay) ?? 0]),
  ]);
  return [...new Set(all)].filter((day) => day < 0).sort((a, b) => a - b);
}
