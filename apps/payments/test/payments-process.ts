import { EmbeddedBus, envelopeOf, EventConsumer } from '@roost/messaging';
import { startService } from '@roost/service';
import type { EventBody, EventType } from '@roost/contracts';
import { payments } from '../src/service.js';

/** Payments in a process that can be killed. Events are handed to it over IPC, as the relay would. */
export interface Handed<T extends EventType = EventType> {
  type: T;
  id: string;
  body: EventBody<T>;
}

const running = await startService(payments, { bus: new EmbeddedBus() });
process.on('message', (event: Handed) => {
  running
    .get(EventConsumer)
    .handle(envelopeOf(event.type, event.body, { source: 'bookings', id: event.id }))
    .then(
      () => process.send?.({ handled: event.id }),
      (error: unknown) => process.send?.({ failed: event.id, error: String(error) }),
    );
});
process.on('disconnect', () => process.exit(0));
process.send?.({ url: running.url });
