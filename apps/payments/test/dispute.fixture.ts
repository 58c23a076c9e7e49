import type { TestUser } from '@roost/testing';
import { eventually, testUser } from '@roost/testing';
import type { BookingBody, PaymentBody, PaymentsUnderTest } from './payments.fixture.js';

export type DisputeStep = 'open' | 'review' | 'won' | 'lost';

export interface DisputeBody extends Record<string, unknown> {
  id: string;
  paymentId: string;
  providerRef: string;
  status: string;
  amountMinor: number;
  hostMinor: number;
  platformMinor: number;
  taxMinor: number;
  excessMinor: number;
  evidenceDueAt: string | null;
}

/** The disputes of one service. */
export class Disputes {
  constructor(private readonly payments: PaymentsUnderTest) {}

  /** The guest's bank opens or decides a dispute at the provider. */
  async advance(
    paymentId: string,
    step: DisputeStep,
    body: { amountMinor?: number; reason?: string } = {},
  ): Promise<void> {
    const { id } = await this.payments.sandbox.intentOf(paymentId);
    const path = `/control/payment-intents/${id}/disputes/${step}`;
    const response = await this.payments.sandbox.request<{ error?: unknown }>('POST', path, body);
    expect(response.error).toBeUndefined();
  }

  /** Opens a dispute and waits until it is recorded. */
  async opened(guest: TestUser, paymentId: string, amountMinor?: number): Promise<DisputeBody> {
    await this.advance(paymentId, 'open', amountMinor === undefined ? {} : { amountMinor });
    await this.payments.becomes(guest, paymentId, 'disputed');
    const [dispute] = (await this.list(`status=open`)).filter((each) => each.paymentId === paymentId);
    return dispute!;
  }

  /** Decides the open dispute and waits until the decision is recorded. */
  async decided(paymentId: string, outcome: 'won' | 'lost'): Promise<void> {
    const before = (await this.list(`status=${outcome}`)).length;
    await this.advance(paymentId, outcome);
    await eventually(async () => expect(await this.list(`status=${outcome}`)).toHaveLength(before + 1), {
      seconds: 20,
    });
  }

  async list(query = ''): Promise<DisputeBody[]> {
    const response = await this.payments.service
      .as(this.payments.admin)
      .get<{ data: DisputeBody[] }>(`/v1/admin/disputes?limit=100&${query}`);
    expect(response.status).toBe(200);
    return response.body.data;
  }

  cancel(booking: BookingBody, refundMinor: number, retained: Partial<BookingBody> = {}): Promise<void> {
    return this.payments.service.deliver('booking.cancelled', {
      ...booking,
      ...retained,
      state: 'cancelled',
      by: 'guest',
      refundMinor,
      refundLines: [],
      hostPenaltyMinor: 0,
    });
  }

  /** A confirmed booking whose payment is disputed. */
  async givenDisputed(amountMinor?: number) {
    const guest = testUser();
    const { booking, payment } = await this.payments.givenConfirmed(guest);
    const dispute = await this.opened(guest, payment.id, amountMinor);
    return { guest, booking, payment, dispute };
  }

  async paymentOf(guest: TestUser, id: string): Promise<PaymentBody> {
    return (await this.payments.service.as(guest).get<PaymentBody>(`/v1/payments/${id}`)).body;
  }

  /** The amounts in the provider's books, once no operation of the payment is pending. */
  async books(paymentId: string): Promise<[string, number][]> {
    await eventually(
      async () =>
        expect(
          await this.payments.service.query(
            `SELECT kind FROM payment_operation WHERE status = 'pending' AND payment_id = $1`,
            [paymentId],
          ),
        ).toEqual([]),
      { seconds: 20 },
    );
    const { id } = await this.payments.sandbox.intentOf(paymentId);
    return this.payments.sandbox.books(id);
  }
}
