import type { z } from 'zod';
import { bookingEvents, calendarEvents, feedEvents, hostEvents, messageEvents } from './bookings.js';
import type { EventDefinition } from './define.js';
import { privacyAnswers, privacyRequests, sessionEvents, userEvents } from './identity.js';
import { listingEvents } from './listings.js';
import { paymentEvents, payoutAccountEvents, payoutEvents } from './payments.js';
import { externalReviewEvents, ratingEvents, reviewEvents } from './reviews.js';

/** Every event of Roost by its type. Services publish no other events. */
export const events = {
  ...userEvents,
  ...sessionEvents,
  ...privacyRequests,
  ...privacyAnswers,
  ...listingEvents,
  ...calendarEvents,
  ...bookingEvents,
  ...messageEvents,
  ...feedEvents,
  ...hostEvents,
  ...paymentEvents,
  ...payoutEvents,
  ...payoutAccountEvents,
  ...reviewEvents,
  ...externalReviewEvents,
  ...ratingEvents,
} satisfies Record<string, EventDefinition>;

export type EventType = keyof typeof events;
export type EventBody<T extends EventType> = z.output<(typeof events)[T]['schema']>;

/** The services that own data. */
export const services = ['identity', 'listings', 'bookings', 'payments', 'reviews'] as const;

/** The topic on which `service` publishes this type. */
export function topicOf(type: EventType, service: string): string {
  return events[type].topic.replace('<service>', service);
}

/** Every topic by name, with the properties that its creation depends on. */
export const topics: ReadonlyMap<string, Pick<EventDefinition, 'kind' | 'key'>> = new Map(
  Object.values(events).flatMap((event) =>
    topicsWith(event.type).map((name) => [name, { kind: event.kind, key: event.key }]),
  ),
);

/** Every topic on which events of this type may be published. */
export function topicsWith(type: EventType): string[] {
  const { topic } = events[type];
  return topic.startsWith('<service>') ? services.map((service) => topicOf(type, service)) : [topic];
}

/** Every topic on which `service` publishes. */
export function topicsBy(service: string): string[] {
  return [...topics.keys()].filter((name) => name.startsWith(`${service}.`));
}

export function isEventType(type: string): type is EventType {
  return Object.hasOwn(events, type);
}

/** Validates a body. Removes fields that the schema does not name, as a newer producer may add some. Throws a ZodError. */
export function parseEvent<T extends EventType>(type: T, body: unknown): EventBody<T> {
  return events[type].schema.parse(body) as EventBody<T>;
}
