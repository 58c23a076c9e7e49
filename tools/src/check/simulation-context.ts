import { addDays, localDate } from '@roost/stay';
import type { TestClient } from '@roost/testing';
import { expectStatus, type OperationRecorder } from './operation-recorder.js';
import type { Random } from './random.js';
import type { RunningRoost } from './running-roost.js';

/** The range of the nights that all actors request, in days from today. It is small, so that requests conflict. */
export const FIRST_DAY = 0;
export const LAST_DAY = 45;
const TIME_ZONE = 'America/New_York';

export interface Booking {
  id: string;
  state: string;
  bookingMode: 'instant' | 'request';
  totalMinor: number;
  paymentId: string | null;
  checkInDate: string;
  checkOutDate: string;
  openChange: { id: string; state: string; proposedBy: 'guest' | 'host' } | null;
}

export interface Listing {
  id: string;
  hostId: string;
}

/** A signed-in guest or host with a random generator of their own. */
export interface Actor {
  client: TestClient;
  random: Random;
  role: 'guest' | 'host';
}

/** The state that all actors of a simulation share. */
export class SimulationContext {
  /** Domain time after the last `advance`. */
  now = new Date();
  listings: Listing[] = [];
  /** The bookings of all guests, for the administrator. */
  readonly bookingIds: string[] = [];
  private readonly currentBookings = new Map<Actor, readonly Booking[]>();

  constructor(
    readonly roost: RunningRoost,
    readonly recorder: OperationRecorder,
  ) {}

  /** The local date of the listings, `days` after today in domain time. */
  date(days: number): string {
    return addDays(localDate(this.now, TIME_ZONE), days);
  }

  async createGuest(): Promise<string> {
    const { body } = expectStatus(
      201,
      await this.roost.anonymous.post<{ id: string }>('/dev/users', { emailVerified: true }),
    );
    return body.id;
  }

  /** A random booking of the actor, in the given state if there is one. */
  async pickBooking(actor: Actor, state?: string): Promise<Booking | undefined> {
    const bookings = await this.bookingsOf(actor);
    return actor.random.pick(bookings.filter((booking) => state === undefined || booking.state === state));
  }

  /**
   * The newest bookings of the actor. An actor whose choice is not possible chooses again without a wait: these choices
   * share one response.
   */
  async bookingsOf(actor: Actor): Promise<readonly Booking[]> {
    const current = this.currentBookings.get(actor);
    if (current) return current;
    const page = await actor.client.get<{ data: Booking[] }>(`/v1/me/bookings?role=${actor.role}&limit=100`);
    const { data } = expectStatus(200, page).body;
    this.currentBookings.set(actor, data);
    setImmediate(() => this.currentBookings.delete(actor));
    return data;
  }
}
