import { jest } from '@jest/globals';
import { aPublishedListing, eventually, TestClient } from '@roost/testing';
import { type Env, freshEnvironment, freshFolder, type Run, run, stopAll } from './launcher.js';
import { SecureMailServer } from './mail-server.fixture.js';
import { Operator } from './operator.fixture.js';

jest.setTimeout(180_000);

const PASSWORD = 'quiet harbour lamp';
export const CLIENT = 'https://app.example.com';

export const addressOf = (name: string) => `${name}@users.example.com`;

interface TestPayment {
  /** The path of the booking. */
  booking: string;
  id: string;
  chargeMinor: number;
}

/** All services in production, with a mail server. The settings of the payment provider are those of the caller. */
export class ProductionRoost {
  readonly gateway: TestClient;

  private constructor(
    readonly env: Env,
    readonly roost: Run,
    readonly mails: SecureMailServer,
  ) {
    this.gateway = new TestClient(`http://127.0.0.1:${env.PORT}`);
  }

  static async start(provider: Env): Promise<ProductionRoost> {
    const mails = new SecureMailServer(freshFolder());
    const env = {
      ...(await freshEnvironment()),
      ROOST_ENV: 'production',
      ROOST_DEMO: 'off',
      // The machine of a spec has no proxy with TLS.
      BIND_HOST: '127.0.0.1',
      PUBLIC_URL: 'https://roost.example.com',
      MAILER: 'smtp',
      SMTP_URL: await mails.start(),
      NODE_EXTRA_CA_CERTS: mails.certificateFile,
      CLIENT_URLS: `booking=${CLIENT}/bookings/{bookingId}`,
      RATE_LIMIT_PER_MINUTE: '0',
      LEGAL_ENTITIES: JSON.stringify([
        {
          id: 'example',
          name: 'Example Inc.',
          addressLines: ['1 Main St'],
          countryCode: 'US',
          numberPrefix: 'EX-',
        },
      ]),
      ...provider,
    };
    const roost = run(env);
    await roost.prints('Roost is ready');
    return new ProductionRoost(env, roost, mails);
  }

  async stop(): Promise<void> {
    await stopAll();
    await this.mails.stop();
  }

  /** A guest, and a listing of a host. Both have signed up. */
  async marketplace(): Promise<{ guest: TestClient; listingId: string }> {
    const guest = await this.signedUp('guest');
    const host = await this.signedUp('host');
    expect(await host.post('/v1/me/host')).toMatchObject({ status: 200 });
    return { guest, listingId: await aPublishedListing(await this.loggedIn('host')) };
  }

  /** The payment of a new booking, ready to be confirmed. */
  async givenPayment(guest: TestClient, listingId: string, inDays: number): Promise<TestPayment> {
    const date = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
    const stay = { checkInDate: date(inDays), checkOutDate: date(inDays + 2), guests: { adults: 2 } };
    // The event of the listing arrives shortly after its publishing.
    const quote = await eventually(async () => {
      const response = await guest.post<{ id: string; chargeMinor: number }>('/v1/quotes', {
        listingId,
        ...stay,
      });
      expect(response.status).toBe(201);
      return response.body;
    });
    const { body } = await guest.post<{ id: string }>('/v1/bookings', { quoteId: quote.id });
    const booking = `/v1/bookings/${body.id}`;
    const payment = await guest.get<{ id: string }>(`${booking}/payment`, { prefer: 'wait=10' });
    expect(payment.body).toMatchObject({ provider: 'stripe', status: 'requires_payment_method' });
    return { booking, id: payment.body.id, chargeMinor: quote.chargeMinor };
  }

  isConfirmed(guest: TestClient, { booking }: TestPayment) {
    return eventually(async () =>
      expect((await guest.get(booking)).body).toMatchObject({ state: 'confirmed' }),
    );
  }

  /** Pays a booking with a card, and expects it in the books and in the mail. */
  async expectPaidBooking(guest: TestClient, listingId: string): Promise<void> {
    const payment = await this.givenPayment(guest, listingId, 30);
    const confirm = (body: object) => guest.post(`/v1/payments/${payment.id}/confirm`, body);
    const card = { paymentMethod: 'pm_card_visa' };
    // Only development allows pages of this machine.
    for (const returnUrl of ['http://localhost:5173/', 'https://evil.example/'])
      expect(await confirm({ ...card, returnUrl })).toMatchObject({ status: 400 });
    expect(await confirm({ ...card, returnUrl: `${CLIENT}/thanks` })).toMatchObject({
      status: 200,
      body: { status: 'captured', capturedMinor: payment.chargeMinor, clientSecret: null },
    });
    await this.isConfirmed(guest, payment);
    await eventually(() => {
      expect(this.mails.newestTo(addressOf('guest'))).toContain('confirmed');
      return Promise.resolve();
    });
    const books = await new Operator(this.env).query<{ net: string }>(
      'payments',
      `SELECT sum(m.amount_minor)::text AS net FROM movement m JOIN ledger_account a ON a.id = m.debit_id
       WHERE a.code = 'provider_clearing' AND m.payment_id = $1`,
      [payment.id],
    );
    expect(books).toEqual([{ net: String(payment.chargeMinor) }]);
  }

  /** A user who has confirmed the mail address with the code in the mail. */
  private async signedUp(name: string): Promise<TestClient> {
    const email = addressOf(name);
    const registration = { email, password: PASSWORD, displayName: name };
    expect(await this.gateway.post('/v1/auth/register', registration)).toMatchObject({ status: 202 });
    const token = await eventually(() => {
      const [, code] = /^ {4}(\S+)\r?$/m.exec(this.mails.newestTo(email) ?? '') ?? [];
      if (code === undefined) throw new Error('the mail has not arrived');
      return Promise.resolve(code);
    });
    expect(await this.gateway.post('/v1/auth/verify-email', { token })).toMatchObject({ status: 204 });
    return this.loggedIn(name);
  }

  private async loggedIn(name: string): Promise<TestClient> {
    const { body } = await this.gateway.post<{ accessToken: string }>('/v1/auth/login', {
      email: addressOf(name),
      password: PASSWORD,
    });
    return this.gateway.with({ authorization: `Bearer ${body.accessToken}` });
  }
}
