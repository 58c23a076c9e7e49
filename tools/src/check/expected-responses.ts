export const GUEST_OPERATION_WEIGHTS = {
  book: 46,
  pay: 26,
  cancel: 6,
  bookTwice: 3,
  payTwice: 2,
  read: 3,
  propose: 14,
  answerChange: 10,
  payChange: 20,
  changeAndCancel: 2,
} as const;

export const HOST_OPERATION_WEIGHTS = {
  accept: 30,
  decline: 8,
  block: 18,
  unblock: 10,
  cancel: 6,
  link: 6,
  price: 5,
  pause: 1,
  propose: 8,
  answerChange: 30,
} as const;

export type Operation =
  | 'quote'
  | keyof typeof GUEST_OPERATION_WEIGHTS
  | keyof typeof HOST_OPERATION_WEIGHTS
  | 'withdrawAsHost'
  | 'advance'
  | 'adminCancel'
  | 'goodwill';

/** The allowed responses per operation: status and error code. The simulation reports every other response. */
export const EXPECTED_RESPONSES: Readonly<Record<Operation, readonly string[]>> = {
  // Time can advance between the choice of the dates and the request.
  quote: [
    '201',
    '409 booking.dates_unavailable',
    '404 listing.not_found',
    '422 quote.stay_rule',
    '400 request.invalid',
  ],
  book: ['201', '409 booking.dates_unavailable', '409 booking.listing_unavailable', '409 quote.expired'],
  bookTwice: [
    '201',
    '409 booking.dates_unavailable',
    '409 booking.listing_unavailable',
    '404 listing.not_found',
    '409 quote.used',
    '409 idempotency.in_progress',
    '409 quote.expired',
  ],
  pay: [
    '200',
    '402 payment.declined',
    '404 payment.not_ready',
    '409 payment.wrong_state',
    '409 payment.not_ready',
    '503 payment.provider_unavailable',
  ],
  payTwice: [
    '200',
    '402 payment.declined',
    '404 payment.not_ready',
    '409 payment.wrong_state',
    '409 payment.not_ready',
    '409 idempotency.in_progress',
  ],
  cancel: ['200', '409 booking.transition_not_allowed'],
  read: ['200'],
  accept: ['200', '409 booking.transition_not_allowed', '409 booking.accept_too_late'],
  decline: ['200', '409 booking.transition_not_allowed'],
  block: ['201', '409 calendar.dates_taken'],
  unblock: ['204', '404 calendar.block_not_found'],
  link: ['200', '409 listing.link_clash'],
  price: ['200'],
  // A listing that was imported without a photo needs one before it is published again.
  pause: ['200', '409 listing.wrong_state', '409 listing.incomplete'],
  propose: [
    '201',
    '409 booking.dates_unavailable',
    '409 booking.transition_not_allowed',
    '409 booking.listing_unavailable',
    '409 change.already_open',
    '422 change.difference_out_of_range',
    '422 change.nights_stayed',
    '422 change.nothing_changed',
    '422 quote.stay_rule',
    '400 request.invalid',
  ],
  answerChange: ['200', '409 change.transition_not_allowed'],
  // The guest can accept at the same time; only the guest may withdraw an accepted change.
  withdrawAsHost: ['200', '403 auth.forbidden', '409 change.transition_not_allowed'],
  payChange: [
    '200',
    '402 payment.declined',
    '404 payment.not_ready',
    '409 payment.wrong_state',
    '409 payment.not_ready',
  ],
  changeAndCancel: [
    '200',
    '201',
    '409 booking.dates_unavailable',
    '409 booking.transition_not_allowed',
    '409 booking.listing_unavailable',
    '409 change.already_open',
    '422 change.difference_out_of_range',
    '422 change.nothing_changed',
    '422 quote.stay_rule',
    '422 change.nights_stayed',
    '400 request.invalid',
  ],
  advance: ['200'],
  adminCancel: ['200', '409 booking.transition_not_allowed', '422 booking.refund_out_of_range'],
  goodwill: ['201', '409 payment.wrong_state', '409 payment.refund_too_large'],
};
