import { aPublishedListing, eventually, TestClient, type TestResponse } from '@roost/testing';

/** The first check-in of a listing, and the days from one stay to the next: a stay can be made longer. */
const FIRST_CHECK_IN_DAYS = 10;
const DAYS_BETWEEN_STAYS = 6;
const STAYS_PER_LISTING = 50;
const TIMEOUT = { seconds: 60 };

export interface Booking {
  id: string;
  state: string;
  listingId: string;
  checkInDate: string;
  checkOutDate: string;
  totalMinor: number;
}

export interface Payment {
  id: string;
  status: string;
  capturedMinor: number;
  redirectUrl: string | null;
}

export const dayAhead = (days: number): string =>
  new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);

/** A guest, a host and an administrator of a running Roost, and stays of two nights that don't overlap. */
export class Marketplace {
  private readonly listings: Promise<string>[] = [];
  private stays = 0;

  private constructor(
    readonly guest: TestClient,
    readonly host: TestClient,
    readonly admin: TestClient,
    readonly guestCredentials: { email: string; password: string },
  ) {}

  static async prepare(anyone: TestClient): Promise<Marketplace> {
    const made = async (...roles: string[]) => {
      const { body } = await anyone.post<{ accessToken: string; email: string; password: string }>(
        '/dev/users',
        { roles, emailVerified: true },
      );
      const client = anyone.with({ authorization: `Bearer ${body.accessToken}` });
      return { client, credentials: { email: body.email, password: body.password } };
    };
    const guest = await made('guest');
    const host = await made('guest', 'host');
    const admin = await made('guest', 'admin');
    const market = new Marketplace(guest.client, host.client, admin.client, guest.credentials);
    await market.listing(0);
    return market;
  }

  /** A booking whose payment is due. */
  async book(): Promise<{ booking: Booking; payment: Payment }> {
    const number = this.stays++;
    const page = Math.floor(number / STAYS_PER_LISTING);
    const listingId = await this.listing(page);
    const daysAhead = FIRST_CHECK_IN_DAYS + (number % STAYS_PER_LISTING) * DAYS_BETWEEN_STAYS;
    // The listing reaches bookings by event.
    const quote = await eventually(async () => {
      const response = await this.guest.post<{ id: string }>('/v1/quotes', {
        listingId,
        checkInDate: dayAhead(daysAhead),
        checkOutDate: dayAhead(daysAhead + 2),
        guests: { adults: 1, children: [], infants: 0, pets: 0 },
      });
      expect(response.status).toBe(201);
      return response.body;
    }, TIMEOUT);
    const booking = await this.guest.post<Booking>('/v1/bookings', { quoteId: quote.id });
    expect(booking.status).toBe(201);
    return { booking: booking.body, payment: await this.paymentOf(booking.body.id) };
  }

  private listing(page: number): Promise<string> {
    return (this.listings[page] ??= aPublishedListing(this.host));
  }

  /** A booking that is paid and confirmed. */
  async bookAndPay(): Promise<{ booking: Booking; payment: Payment }> {
    const { booking, payment } = await this.book();
    expect((await this.confirm(payment.id, 'pm_card_visa')).status).toBe(200);
    return { booking: await this.becomes(booking.id, 'confirmed'), payment };
  }

  paymentOf(bookingId: string): Promise<Payment> {
    return eventually(async () => {
      const response = await this.guest.get<Payment>(`/v1/bookings/${bookingId}/payment`);
      expect(response.status).toBe(200);
      return response.body;
    }, TIMEOUT);
  }

  confirm(
    paymentId: string,
    paymentMethod: string,
    headers: Record<string, string> = {},
  ): Promise<TestResponse<Payment>> {
    return this.guest.post<Payment>(`/v1/payments/${paymentId}/confirm`, { paymentMethod }, headers);
  }

  becomes(bookingId: string, state: string): Promise<Booking> {
    return eventually(async () => {
      const { body } = await this.guest.get<Booking>(`/v1/bookings/${bookingId}`);
      expect(body.state).toBe(state);
      return body;
    }, TIMEOUT);
  }
}
