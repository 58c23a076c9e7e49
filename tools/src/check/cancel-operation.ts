import type { Actor, SimulationContext } from './simulation-context.js';

/** Cancels a booking as its guest or host, sometimes with two concurrent requests. */
export async function cancelBooking(context: SimulationContext, actor: Actor): Promise<void> {
  const { client, random, role } = actor;
  const state = random.pickWeighted({
    confirmed: 5,
    in_stay: 2,
    pending_payment: role === 'guest' ? 2 : 0,
  });
  const booking = await context.pickBooking(actor, state);
  if (!booking) return;
  const requests = random.chance(0.2) ? 2 : 1;
  const cancel = () => client.post(`/v1/bookings/${booking.id}/cancel`, { reason: 'Plans changed' });
  await Promise.all(Array.from({ length: requests }, () => context.recorder.run('cancel', cancel)));
}
