import { randomUUID } from 'node:crypto';
import { expectStatus } from './operation-recorder.js';
import type { Random } from './random.js';
import type { Booking, SimulationContext } from './simulation-context.js';

/** The operations of an administrator, and the clock. */
export class AdministratorOperations {
  constructor(private readonly context: SimulationContext) {}

  async runRandom(random: Random): Promise<void> {
    const { recorder, roost } = this.context;
    if (random.chance(0.5)) return await this.advance(random);
    const id = random.pick(this.context.bookingIds);
    if (!id) return await this.advance(random);
    const admin = roost.as(randomUUID(), ['admin']);
    const { body } = expectStatus(200, await admin.get<Booking>(`/v1/bookings/${id}`));
    // Most bookings are not paid. Goodwill is more frequent before a cancellation than after it.
    if (body.paymentId && random.chance(body.state === 'confirmed' ? 0.7 : 0.2)) {
      const amountMinor = random.integer(1, body.totalMinor);
      await recorder.run('goodwill', () =>
        admin.post(`/v1/admin/payments/${body.paymentId}/refunds`, { amountMinor, reason: 'A complaint' }),
      );
      return;
    }
    const refundMinor = Math.floor(random.next() * (body.totalMinor + 1));
    await recorder.run('adminCancel', () =>
      admin.post(`/v1/admin/bookings/${id}/cancel`, { reason: 'A complaint', refundMinor }),
    );
  }

  /** Mostly minutes, so that holds expire during a payment; sometimes hours, so that stays begin and end. */
  private async advance(random: Random): Promise<void> {
    const duration = random.chance(0.25) ? `PT${random.integer(6, 40)}H` : `PT${random.integer(1, 12)}M`;
    await this.context.recorder.run('advance', async () => {
      const response = await this.context.roost.anonymous.post<{ now: string }>('/dev/clock', {
        advance: duration,
      });
      this.context.now = new Date(response.body.now);
      return response;
    });
  }
}
