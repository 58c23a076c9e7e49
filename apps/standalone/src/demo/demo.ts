import { addDuration } from '@roost/stay';
import { timeoutSignal } from '@roost/platform';
import { bookStay, cancelStay, reviewStay, type StayContext } from './booking.js';
import { Caller, type ServiceUrls } from './caller.js';
import { DemoHost } from './demo-host.js';
import type { Painter } from './painter.js';
import { PAST_STAYS } from './past-stays.js';
import type { DemoPlace } from './place.js';
import { CITIES } from './places.js';
import type { DemoStay } from './stay.js';
import { UPCOMING_STAYS } from './upcoming-stays.js';

const NAMES = {
  host1: 'Inês Carvalho',
  host2: 'Marc-André Tremblay',
  host3: 'Haruko Nishida',
  guest1: 'Amara Okafor',
  guest2: 'Jonas Lindqvist',
  guest3: 'Sofía Méndez',
} as const;
type Name = keyof typeof NAMES;

/** Days between the publication of the first listings and the first booking. */
const DAYS_BEFORE_FIRST_BOOKING = 2;

interface Replay {
  /** Of the stays that are booked. */
  bookingIds: Map<DemoStay, string>;
  /** Real time at the start of the replay. */
  today: Date;
}

export interface DemoCounts {
  listings: number;
  pictures: number;
  bookings: Record<string, number>;
  reviews: number;
  wishlists: number;
}

/** Titles of the places with past stays. They are published first. */
const titlesWithPast = new Set(PAST_STAYS.map(({ place }) => place));

/** Draws the covers of the places with past stays, while the services start. */
export function drawCovers(painter: Painter): Map<string, Promise<Buffer>> {
  const covers = new Map<string, Promise<Buffer>>();
  for (const { city, places } of CITIES) {
    for (const { title } of places.filter((place) => titlesWithPast.has(place.title))) {
      const cover = painter.draw({ city, title }, 'outside');
      cover.catch(() => undefined);
      covers.set(title, cover);
    }
  }
  return covers;
}

/**
 * Creates the demo data through the public routes of the services: hosts publish, guests book and pay, both review. So
 * projections, mails and ledger entries are those of real requests.
 */
export class Demo {
  readonly #callers: Record<Name, Caller>;
  readonly #hosts: readonly DemoHost[];

  constructor(
    private readonly urls: ServiceUrls,
    painter: Painter,
    private readonly signal: AbortSignal,
  ) {
    this.#callers = Object.fromEntries(
      Object.keys(NAMES).map((name) => [name, new Caller(name, urls, signal)]),
    ) as Record<Name, Caller>;
    this.#hosts = CITIES.map((city) => new DemoHost(this.#callers[city.host], city, painter));
  }

  /**
   * Replays the past stays: moves the domain clock back and then forward day by day, so that check-ins, check-outs and
   * payouts become due on their days. Requires that no client uses the services, because they share the clock.
   */
  async replayHistory(covers: ReadonlyMap<string, Promise<Buffer>>): Promise<void> {
    const today = new Date();
    const replay: Replay = { bookingIds: new Map(), today };
    const first = Math.min(...PAST_STAYS.map(({ booked = 0 }) => booked)) - DAYS_BEFORE_FIRST_BOOKING;
    try {
      await this.#setClock(today, first);
      await Promise.all(
        Object.entries(NAMES).map(([name, displayName]) =>
          this.#callers[name as Name].patch('identity', '/v1/me', { displayName }),
        ),
      );
      await Promise.all(
        this.#hosts.map(async (host) => {
          for (const place of host.city.places.filter(({ title }) => titlesWithPast.has(title))) {
            await host.publishListing(place, covers.get(place.title));
          }
        }),
      );
      for (const day of eventDays()) {
        await this.#setClock(today, day);
        await Promise.all(PAST_STAYS.map((stay) => this.#replayStay(stay, day, replay)));
      }
    } finally {
      await this.#resetClock();
    }
    await Promise.all(PAST_STAYS.map((stay) => this.#replayStay(stay, 0, replay)));
  }

  /** Adds everything else, in the background. Existing data is skipped, so an interrupted load continues. */
  async addPresent(): Promise<void> {
    await this.#eachPlace(
      (place) => !titlesWithPast.has(place.title),
      (host, place) => host.publishListing(place),
    );
    for (const stay of UPCOMING_STAYS) {
      const context = await this.#contextOf(stay, new Date());
      await cancelStay(stay, await bookStay(stay, context), context);
    }
    await this.#eachPlace(
      (place) => place.rooms !== undefined,
      (host, place) => host.linkRooms(place),
    );
    await this.#createWishlists();
    await this.#eachPlace(
      () => true,
      (host, place) => host.addPictures(place),
    );
  }

  async counts(): Promise<DemoCounts> {
    const hosts = this.#hosts.map(({ caller }) => caller);
    const guests = [this.#callers.guest1, this.#callers.guest2, this.#callers.guest3];
    const allOf = async <T>(callers: Caller[], service: keyof ServiceUrls, path: string) =>
      (await Promise.all(callers.map((caller) => caller.all<T>(service, path)))).flat();
    const listings = await allOf<{ id: string; photos: unknown[] }>(hosts, 'listings', '/v1/me/listings');
    const stays = await allOf<{ state: string }>(guests, 'bookings', '/v1/me/bookings?role=guest');
    const bookings: Record<string, number> = {};
    for (const { state } of stays.toSorted((a, b) => a.state.localeCompare(b.state))) {
      bookings[state] = (bookings[state] ?? 0) + 1;
    }
    const reviewed = listings.map(({ id }) =>
      this.#callers.guest1.all('reviews', `/v1/listings/${id}/reviews`),
    );
    const wishlists = await allOf(guests, 'listings', '/v1/me/wishlists');
    return {
      listings: listings.length,
      pictures: listings.reduce((sum, { photos }) => sum + photos.length, 0),
      bookings,
      reviews: (await Promise.all(reviewed)).flat().length,
      wishlists: wishlists.length,
    };
  }

  /** The events of one stay on one day. */
  async #replayStay(stay: DemoStay, day: number, { bookingIds, today }: Replay): Promise<void> {
    const context = await this.#contextOf(stay, today);
    if (stay.booked === day) bookingIds.set(stay, await bookStay(stay, context));
    const id = bookingIds.get(stay);
    if (id === undefined) return;
    if (stay.outcomeDay === day) await cancelStay(stay, id, context);
    if (reviewDay(stay) === day) await reviewStay(stay, id, context);
  }

  async #contextOf(stay: DemoStay, today: Date): Promise<StayContext> {
    for (const host of this.#hosts) {
      if (!host.city.places.some(({ title }) => title === stay.place)) continue;
      const listingId = await host.listingId(stay.place);
      return { guest: this.#callers[stay.guest], host: host.caller, city: host.city, listingId, today };
    }
    throw new Error(`No city has "${stay.place}"`);
  }

  async #createWishlists(): Promise<void> {
    const wishlists = [
      ['guest1', 'Japan, some day', 'Kyoto', 3],
      ['guest2', 'With the children', 'Lisbon', 2],
      ['guest3', 'Winter', 'Montréal', 4],
    ] as const;
    for (const [name, title, city, count] of wishlists) {
      const guest = this.#callers[name];
      const existing = await guest.all<{ id: string; name: string }>('listings', '/v1/me/wishlists');
      const list =
        existing.find((one) => one.name === title) ??
        (await guest.post<{ id: string }>('listings', '/v1/wishlists', { name: title }));
      const host = this.#hosts.find((one) => one.city.city === city);
      for (const { title: place } of host?.city.places.slice(3, 3 + count) ?? []) {
        await guest.put('listings', `/v1/wishlists/${list.id}/listings/${await host?.listingId(place)}`);
      }
    }
  }

  /** One after the other: pictures are not urgent, and several at once take memory that sharp does not free. */
  async #eachPlace(
    isIncluded: (place: DemoPlace) => boolean,
    work: (host: DemoHost, place: DemoPlace) => Promise<void>,
  ): Promise<void> {
    for (const host of this.#hosts) {
      for (const place of host.city.places.filter(isIncluded)) await work(host, place);
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
      signal: AbortSignal.any([this.signal, timeoutSignal(30_000)]),
    });
    if (!response.ok) throw new Error(`The domain clock can't be moved: ${response.status}`);
    await response.arrayBuffer();
  }
}

const checkOut = (stay: DemoStay) => stay.checkIn + stay.nights;

/** Two days after the check-out, which is over then in every time zone. */
const reviewDay = (stay: DemoStay): number | null =>
  stay.guestReview ? Math.min(0, checkOut(stay) + 2) : null;

/** Every past day with an event, oldest first. */
function eventDays(): number[] {
  const all = PAST_STAYS.flatMap((stay) => [
    stay.booked ?? 0,
    ...(stay.outcome ? [stay.outcomeDay ?? 0] : [stay.checkIn + 1, checkOut(stay) + 1, reviewDay(stay) ?? 0]),
  ]);
  return [...new Set(all)].filter((day) => day < 0).sort((a, b) => a - b);
}
