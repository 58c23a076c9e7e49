import { addDays } from '@roost/stay';
import { payForBooking } from './payment-operation.js';
import type { Random } from './random.js';
import type { Actor, Booking, SimulationContext } from './simulation-context.js';

/** The operations on changes of bookings, for guests and hosts. */
export class ChangeOperations {
  constructor(private readonly context: SimulationContext) {}

  async propose(actor: Actor): Promise<void> {
    const { client, random } = actor;
    const booking = await this.context.pickBooking(actor, random.chance(0.8) ? 'confirmed' : 'in_stay');
    if (!booking) return;
    const terms = randomTerms(random, booking);
    await this.context.recorder.run('propose', () =>
      client.post(`/v1/bookings/${booking.id}/changes`, terms),
    );
  }

  /** Accepts or declines a change of the other party, or withdraws a change of the actor. */
  async answer(actor: Actor): Promise<void> {
    const { client, random, role } = actor;
    const open = await this.pickOpenChange(actor);
    if (!open) return;
    const { booking, change } = open;
    const path = `/v1/bookings/${booking.id}/changes/${change.id}`;
    const own = change.proposedBy === role;
    // A host withdraws only a proposed change; only the guest may withdraw an accepted and unpaid change.
    if (own && role === 'host' && change.state !== 'proposed') return;
    const action = own ? 'withdraw' : random.pickWeighted({ accept: 4, decline: 1 });
    if (own && random.chance(0.8)) return;
    const operation = own && role === 'host' ? 'withdrawAsHost' : 'answerChange';
    await this.context.recorder.run(operation, () => client.post(`${path}/${action}`));
  }

  async pay(guest: Actor): Promise<void> {
    const open = await this.pickOpenChange(guest);
    if (open?.change.state === 'awaiting_payment')
      await payForBooking(this.context, guest, open.booking.id, { operation: 'payChange', requests: 1 });
  }

  async proposeAndCancel(guest: Actor): Promise<void> {
    const { client, random } = guest;
    const { recorder } = this.context;
    const booking = await this.context.pickBooking(guest, 'confirmed');
    if (!booking) return;
    const path = `/v1/bookings/${booking.id}`;
    const terms = randomTerms(random, booking);
    await Promise.all([
      recorder.run('changeAndCancel', () => client.post(`${path}/changes`, terms)),
      recorder.run('changeAndCancel', () => client.post(`${path}/cancel`, { reason: 'Plans changed' })),
    ]);
  }

  private async pickOpenChange(actor: Actor) {
    const bookings = await this.context.bookingsOf(actor);
    const open = bookings.flatMap((booking) =>
      booking.state === 'confirmed' && booking.openChange ? [{ booking, change: booking.openChange }] : [],
    );
    return actor.random.pick(open);
  }
}

/** Other dates near the present dates, or another number of guests. */
function randomTerms(random: Random, booking: Booking): object {
  if (random.chance(0.2)) {
    return {
      guests: { adults: random.integer(1, 3), children: [], infants: random.integer(0, 1), pets: 0 },
    };
  }
  const checkInDate = addDays(booking.checkInDate, random.integer(-2, 2));
  return {
    checkInDate: booking.state === 'in_stay' ? booking.checkInDate : checkInDate,
    checkOutDate: addDays(booking.checkOutDate, random.integer(-2, 3)),
  };
}
