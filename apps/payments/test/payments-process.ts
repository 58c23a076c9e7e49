import type { EventBody, EventType } from '@roost/contracts';
import { EmbeddedBus, envelopeOf, EventConsumer } from '@roost/messaging';
import { type RunningService, startService } from '@roost/service';
import type { StartMessage } from '@roost/testing';
import { payments } from '../src/service.js';

/** An event to deliver, as the relay would. */
export interface DeliverMessage<T extends EventType = EventType> {
  deliver: { type: T; id: string; body: EventBody<T> };
}

/** Sets `ROOST_FAULT` of the running process; the passages of its fault points are counted from here. */
export interface ArmMessage {
  arm: string;
}

/** The response to each message. */
export interface DoneMessage {
  id: string;
  error?: string;
}

let running: RunningService | undefined;

async function deliver({ type, id, body }: DeliverMessage['deliver']): Promise<DoneMessage> {
  try {
    if (!running) throw new Error('payments has not started');
    await running.get(EventConsumer).handle(envelopeOf(type, body, { source: 'bookings', id }));
    return { id };
  } catch (error) {
    return { id, error: String(error) };
  }
}

process.on('message', async (message: StartMessage | DeliverMessage | ArmMessage) => {
  if ('start' in message) {
    Object.assign(process.env, message.start);
    running = await startService(payments, { bus: new EmbeddedBus() });
  } else if ('arm' in message) {
    process.env['ROOST_FAULT'] = message.arm;
    process.send?.({ id: message.arm } satisfies DoneMessage);
  } else {
    process.send?.(await deliver(message.deliver));
  }
});
process.on('disconnect', () => process.exit(0));
