export { breakingChanges, releaseOf, schemaOf } from './compatibility.js';
export type { Release, Schema } from './compatibility.js';
export type { EventDefinition, EventKind } from './define.js';
export {
  events,
  isEventType,
  parseEvent,
  services,
  topicOf,
  topics,
  topicsBy,
  topicsWith,
} from './events.js';
export type { EventBody, EventType } from './events.js';
export { NO_PROVIDER, REFUND_REASON } from './payments.js';
export { BOOKING_EVENTS, type BookingEvent } from './bookings.js';
export { LOCALES, type MailLocale } from './locales.js';
export { USER_EVENTS, type UserEvent } from './identity.js';
export { defineErrors, type ErrorEntry, errorEntry } from './errors/define.js';
export { serviceErrors } from './errors/index.js';
