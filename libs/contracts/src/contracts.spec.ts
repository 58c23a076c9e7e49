import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { events, isEventType, parseEvent, topicOf, topics, type EventType } from './index.js';

const folder = join(import.meta.dirname, '../fixtures');
const golden = new Map(
  readdirSync(folder).map((file) => [
    file.replace(/\.json$/, ''),
    JSON.parse(readFileSync(join(folder, file), 'utf8')) as Record<string, unknown>,
  ]),
);
const types = Object.keys(events) as EventType[];

/** Repeats the catalogue, so that no type or topic changes by accident. */
const catalogue: Record<string, [kind: string, key: string, types: string]> = {
  'identity.user': [
    'state',
    'userId',
    'user.registered user.email-verified user.became-host user.profile-changed user.suspended user.reinstated user.erased',
  ],
  'identity.session': ['fact', 'sessionId', 'session.ended'],
  'identity.privacy': ['fact', 'userId', 'privacy.export-requested privacy.erasure-requested'],
  '<service>.privacy': ['fact', 'userId', 'privacy.export-part-ready privacy.erasure-completed'],
  'listings.listing': [
    'state',
    'listingId',
    'listing.created listing.changed listing.published listing.paused listing.archived listing.suspended listing.reinstated',
  ],
  'bookings.calendar': ['state', 'listingId', 'calendar.changed'],
  'bookings.booking': [
    'fact',
    'bookingId',
    'booking.created booking.requested booking.accepted booking.confirmed booking.declined booking.expired booking.cancelled booking.checked-in booking.completed booking.change-proposed booking.change-accepted booking.change-applied booking.change-closed',
  ],
  'bookings.message': ['fact', 'threadId', 'message.sent'],
  'bookings.feed': ['fact', 'feedId', 'feed.problem-found'],
  'bookings.host': ['state', 'hostId', 'host.figures-changed'],
  'payments.payment': [
    'fact',
    'paymentId',
    'payment.created payment.action-required payment.authorized payment.captured payment.failed payment.voided payment.refunded payment.disputed payment.dispute-won payment.dispute-lost',
  ],
  'payments.payout': ['fact', 'payoutId', 'payout.scheduled payout.paid payout.failed'],
  'payments.payout-account': ['fact', 'hostId', 'payout-account.changed'],
  'reviews.review': [
    'fact',
    'reviewId',
    'review.published review.hidden review.restored review.replied review.reply-hidden',
  ],
  'reviews.external-review': ['fact', 'reviewId', 'external-review.hidden'],
  'reviews.rating': ['state', 'listingId', 'rating.changed'],
};

/** Adds a field to every object, at every depth. */
function withAddition(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withAddition);
  if (value === null || typeof value !== 'object') return value;
  const fields = Object.entries(value).map(([name, inner]) => [
    name,
    isMap(name) ? inner : withAddition(inner),
  ]);
  return { ...Object.fromEntries(fields), addedLater: true };
}

/** Whether the keys of this field's objects are data. */
function isMap(name: string): boolean {
  return name === 'categorySums';
}

test('every event has the topic, kind, key and version of the catalogue', () => {
  const expected = Object.entries(catalogue).flatMap(([topic, [kind, key, names]]) =>
    names.split(' ').map((type) => ({ type, topic, kind, key, version: 1 })),
  );
  const declared = types.map((type) => {
    const { topic, kind, key, version } = events[type];
    return { type, topic, kind, key, version };
  });
  expect(declared).toEqual(expect.arrayContaining(expected));
  expect(declared).toHaveLength(expected.length);
});

test('every event has a fixture, and every fixture an event', () => {
  expect([...golden.keys()].sort()).toEqual([...types].sort());
});

describe.each(types)('%s', (type) => {
  const body = golden.get(type) ?? {};

  test('accepts its fixture unchanged', () => {
    expect(parseEvent(type, body)).toEqual(body);
    expect(body[events[type].key]).toEqual(expect.any(String));
  });

  test('requires every field, with its type', () => {
    for (const field of Object.keys(body)) {
      const { [field]: value, ...rest } = body;
      expect(() => parseEvent(type, rest)).toThrow(field);
      const wrong = typeof value === 'object' ? 0 : {};
      expect(() => parseEvent(type, { ...rest, [field]: wrong })).toThrow(field);
    }
  });

  test('removes fields that a newer producer adds', () => {
    expect(parseEvent(type, withAddition(body))).toEqual(body);
  });

  test('declares only existing fields as personal', () => {
    for (const field of events[type].personal) expect(Object.keys(body)).toContain(field);
  });
});

test('no event contains contact details', () => {
  for (const body of golden.values()) {
    expect(JSON.stringify(body)).not.toMatch(/@|phone|email"|address/i);
  }
});

test('topicOf inserts the service into a topic that every service has', () => {
  expect(topicOf('privacy.export-part-ready', 'bookings')).toBe('bookings.privacy');
  expect(topicOf('booking.confirmed', 'bookings')).toBe('bookings.booking');
  expect(topics.get('payments.privacy')).toEqual({ kind: 'fact', key: 'userId' });
  expect([...topics.keys()]).not.toContain('<service>.privacy');
});

test('isEventType accepts described types only', () => {
  expect(isEventType('booking.confirmed')).toBe(true);
  expect(isEventType('booking.vanished')).toBe(false);
  expect(isEventType('toString')).toBe(false);
});
