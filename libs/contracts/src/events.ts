import type { z } from 'zod';
import { bookingEvents, calendarEvents, messageEvents } from './bookings.js';
import type { EventDefinition } from './define.js';
import { privacyAnswers, privacyRequests, userEvents } from './identity.js';
import { listingEvents } from './listings.js';
import { paymentEvents, payoutEvents } from './payments.js';
import { ratingEvents, reviewEvents } from './reviews.js';

/** Every event of Roost by its type. What is not here is not published. */
export const events = {
  ...userEvents,
  ...privacyRequests,
  ...privacyAnswers,
  ...listingEvents,
  ...calendarEvents,
  ...bookingEvents,
  ...messageEvents,
  ...paymentEvents,
  ...payoutEvents,
  ...reviewEvents,
  ...ratingEvents,
} satisfies Record<string, EventDefinition>;

export type EventType = keyof typeof events;
export type EventBody<T extends EventType> = z.output<(typeof events)[T]['schema']>;

const services = ['identity', 'listings', 'bookings', 'payments', 'reviews'] as const;

/** The topic that `service` publishes this type on. */
export function topicOf(type: EventType, service: string): string {
  return events[type].topic.replace('<service>', service);
}

/** Every topic by name, with what it needs to be created. */
export const topics: ReadonlyMap<string, Pick<EventDefinition, 'kind' | 'key'>> = new Map(
  Object.values(events).flatMap((event) =>
    topicsWith(event.type).map((name) => [name, { kind: event.kind, key: event.key }]),
  ),
);

/** Every topic on which events of this type may come. */
export function topicsWith(type: EventType): string[] {
  const { topic } = events[type];
  return topic.startsWith('<service>') ? services.map((service) => topicOf(type, service)) : [topic];
}

/** Every topic that `service` publishes on. */
export function topicsBy(service: string): string[] {
  return [...topics.keys()].filter((name) => name.startsWith(`${service}.`));
}

export function isEventType(type: string): type is EventType {
  return Object.hasOwn(events, type);
}

/** The body as its schema has it: fields the schema doesn't know are dropped, so a newer producer does no harm. Throws a ZodError. */
export function parseEvent<T extends EventType>(type: T, body: unknown): EventBody<T> {
  return events[type].schema.parse(body) as EventBody<T>;
}
