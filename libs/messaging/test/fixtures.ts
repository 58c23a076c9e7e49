import { randomUUID } from 'node:crypto';
import type { EventBody } from '@roost/contracts';

export function aRating(listingId: string, count: number): EventBody<'rating.changed'> {
  return { listingId, count, overallSum: 5 * count, categorySums: {}, histogram: [0, 0, 0, 0, count] };
}

export function aMessage(threadId: string, messageId: string = randomUUID()): EventBody<'message.sent'> {
  return { threadId, messageId, bookingId: null, senderId: randomUUID(), recipientId: randomUUID() };
}
