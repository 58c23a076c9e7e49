import { ADMIN_ROUTES } from './access-admin-routes.js';
import {
  ADMIN,
  both,
  GUEST,
  GUEST_OR_ADMIN,
  HOST,
  HOST_A,
  HOST_A_OR_ADMIN,
  HOST_OR_ADMIN,
  type Objects,
  of,
  type Operation,
  OPTIONAL,
  PARTIES,
  PARTIES_OR_ADMIN,
  PUBLIC,
  routes,
  USER,
  VERIFIED,
  VERIFIED_HOST,
} from './access-operation.js';
import type { Rule } from './access-outcome.js';
import { dayAhead } from './marketplace.fixture.js';

const ATTENDEES = { adults: 1, children: [], infants: 0, pets: 0 };
const STAY = { checkInDate: dayAhead(90), checkOutDate: dayAhead(92) };
const OTHER_STAY = { checkInDate: dayAhead(110), checkOutDate: dayAhead(112) };
const DAYS = { from: dayAhead(90), to: dayAhead(92) };
const REASON = () => ({ reason: 'A reason' });
const TEXT = () => ({ text: 'A text' });
const photo = ({ jpeg = '' }: Objects) => {
  const form = new FormData();
  form.append('file', new Blob([Buffer.from(jpeg, 'base64')], { type: 'image/jpeg' }), 'a.jpg');
  return form;
};
const CREDENTIALS = ({ email, password }: Objects) => ({ email, password });
const MAIL = () => ({ email: 'unknown@tests.roost.example' });
const NEW_PASSWORD = 'quiet harbour lamp';
const REDIRECT = () => ({ provider: 'unknown', redirectUri: 'https://app.example.com/callback' });
/** The booking has ended. */
const ENDED = 'booking.transition_not_allowed';
const CHANGE_ENDED = 'change.transition_not_allowed';
const SCORES = { accuracy: 5, checkIn: 5, cleanliness: 5, communication: 5, location: 5, value: 5 };

/** Every operation of the marketplace. Routes of `/v1/admin` have the rule of administrators also without an entry. */
export const DECLARED: readonly (readonly [Rule, readonly Operation[]])[] = [
  [
    PUBLIC,
    [
      ...routes(
        'GET /.well-known/jwks.json',
        'POST /v1/auth/logout',
        'POST /v1/auth/passkeys/options',
        'GET /v1/auth/oidc/providers',
        'GET /v1/avatars/{avatarId}',
        'GET /v1/users/{userId}/reviews',
        'GET /v1/users/{userId}/host-figures',
        'GET /v1/photos/{photoId}/{rendition}',
        'GET /v1/calendars/{token}.ics',
      ),
      { route: 'POST /v1/auth/login', body: CREDENTIALS },
      { route: 'POST /v1/auth/refresh', error: 'auth.refresh_invalid' },
      {
        route: 'POST /v1/auth/register',
        body: () => ({ ...MAIL(), password: NEW_PASSWORD, displayName: 'Ada' }),
      },
      { route: 'POST /v1/auth/verify-email', error: 'auth.link_invalid' },
      { route: 'POST /v1/auth/resend-verification', body: MAIL },
      { route: 'POST /v1/auth/forgot-password', body: MAIL },
      {
        route: 'POST /v1/auth/reset-password',
        body: () => ({ token: 'unknown', password: NEW_PASSWORD }),
        error: 'auth.link_invalid',
      },
      { route: 'POST /v1/auth/passkeys', error: 'auth.passkey_invalid' },
      {
        route: 'POST /v1/auth/mfa',
        body: () => ({ mfaToken: 'unknown', code: '123456' }),
        error: 'auth.mfa_invalid',
      },
      // No provider has settings.
      { route: 'POST /v1/auth/oidc/authorization', body: REDIRECT, error: 'request.invalid' },
      { route: 'POST /v1/auth/oidc', error: 'auth.oidc_invalid' },
      { route: 'POST /v1/auth/confirm-email-change', error: 'auth.link_invalid' },
      { route: 'POST /v1/webhooks/sandbox', error: 'webhook.bad_signature' },
      // Providers without settings.
      { route: 'POST /v1/webhooks/stripe', error: 'route.not_found' },
      { route: 'POST /v1/webhooks/paystack', error: 'route.not_found' },
      both('GET /v1/config', 'query config'),
      both('GET /v1/users/{id}', 'query user'),
      both('GET /v1/listings/search', 'query listings'),
      both('GET /v1/catalogues', 'query catalogues'),
      both('GET /v1/listings/{id}/similar', 'query similarListings'),
      { route: 'GET /v1/places', query: { q: 'Lisbon' } },
      { field: 'query places', body: () => ({ q: 'Lisbon' }) },
      both('POST /v1/listings/{id}/price', 'query price', () => ({ ...STAY, guests: ATTENDEES })),
      { field: 'query listingFacets', body: () => ({ city: 'Lisbon' }) },
      both('GET /v1/shared-wishlists/{token}', 'query sharedWishlist'),
      both('GET /v1/shared-wishlists/{token}/listings', 'query sharedWishlistListings'),
      both('GET /v1/listings/{listingId}/reviews', 'query reviews'),
    ],
  ],
  [
    OPTIONAL,
    [
      { route: 'GET /v1/listings/{id}/calendar', query: DAYS },
      both('GET /v1/listings/{id}', 'query listing'),
      both('GET /v1/listings/{id}/stay-rules', 'query stayRules'),
      both('GET /v1/reviews/{id}', 'query review'),
    ],
  ],
  [
    USER,
    [
      ...routes('POST /v1/auth/step-up/options', 'GET /v1/me/events', 'GET /v1/me/listings'),
      both('GET /v1/me/sessions', 'query sessions'),
      both('GET /v1/me/audit-log', 'query accountLog'),
      both('GET /v1/me/passkeys', 'query passkeys'),
      both('GET /v1/me/identities', 'query identities'),
      { route: 'POST /v1/auth/step-up', error: 'auth.wrong_password' },
      // No provider has settings.
      { route: 'POST /v1/auth/step-up/oidc/authorization', body: REDIRECT, error: 'request.invalid' },
      { route: 'POST /v1/auth/step-up/oidc', error: 'auth.oidc_invalid' },
      both('DELETE /v1/me', 'mutation eraseMe'),
      both('GET /v1/me/notification-settings', 'query notificationSettings'),
      both('PUT /v1/me/notification-settings', 'mutation setNotificationSettings', () => ({
        ...{ checkInReminder: true, reviewReminder: true, reviewPublished: true, newMessage: true },
      })),
      both('POST /v1/me/email', 'mutation requestEmailChange', MAIL),
      ...routes('POST /v1/me/mfa/totp'),
      { route: 'POST /v1/me/password', error: 'auth.wrong_password' },
      { route: 'DELETE /v1/me/mfa/totp', error: 'auth.mfa_not_enabled' },
      { route: 'POST /v1/me/mfa/totp/confirm', error: 'auth.wrong_code' },
      both('DELETE /v1/me/avatar', 'mutation removeAvatar'),
      both('POST /v1/me/exports', 'mutation requestDataExport'),
      both('POST /v1/wishlists', 'mutation createWishlist', () => ({ name: 'By the lake' })),
      both('GET /v1/me/wishlists', 'query wishlists'),
      both('GET /v1/me', 'query me'),
      both('PATCH /v1/me', 'mutation updateMe', () => ({ displayName: 'Ada' })),
      {
        ...both('POST /v1/me/phone/verify', 'mutation verifyPhone', () => ({ code: '123456' })),
        error: 'phone.code_invalid',
      },
      both('DELETE /v1/me/phone', 'mutation removePhone'),
      both('GET /v1/me/bookings', 'query bookings'),
      both('POST /v1/quotes', 'mutation createQuote', ({ listing }) => ({
        ...{ listingId: listing, ...STAY, guests: ATTENDEES },
      })),
      both('GET /v1/me/threads', 'query threads'),
      both('GET /v1/me/transactions', 'query myTransactions'),
      both('GET /v1/me/statements', 'query myStatements'),
      both('GET /v1/me/statements/{month}', 'query myStatement'),
      both('GET /v1/me/reviews/pending', 'query pendingReviews'),
      { route: 'POST /v1/reviews/{id}/report', body: () => ({ reason: 'other', comment: 'A comment' }) },
    ],
  ],
  [
    of(USER, GUEST),
    [
      ...routes('DELETE /v1/me/sessions/{id}', 'GET /v1/me/exports/{id}/file'),
      both('PATCH /v1/me/passkeys/{id}', 'mutation renamePasskey', () => ({ name: 'Phone' })),
      ...routes('DELETE /v1/me/passkeys/{id}', 'DELETE /v1/me/identities/{id}'),
      { field: 'mutation removePasskey', object: 'passkey' },
      { field: 'mutation unlinkIdentity', object: 'identity' },
      { ...both('GET /v1/me/exports/{id}', 'query dataExport'), object: 'export' },
      { field: 'mutation revokeSession', object: 'other session' },
      both('GET /v1/wishlists/{id}', 'query wishlist'),
      both('PATCH /v1/wishlists/{id}', 'mutation editWishlist', () => ({ name: 'By the river' })),
      ...routes('DELETE /v1/wishlists/{id}'),
      { field: 'mutation deleteWishlist', object: 'wishlist' },
      ...routes('GET /v1/wishlists/{id}/listings'),
      both('PUT /v1/wishlists/{id}/listings/{listingId}', 'mutation addToWishlist'),
      both('DELETE /v1/wishlists/{id}/listings/{listingId}', 'mutation removeFromWishlist'),
      { ...both('POST /v1/wishlists/{id}/share-url', 'mutation createWishlistShareUrl'), object: 'wishlist' },
      both('DELETE /v1/wishlists/{id}/share-url', 'mutation revokeWishlistShareUrl'),
    ],
  ],
  [
    VERIFIED,
    [
      ...routes('POST /v1/me/passkeys/options'),
      { route: 'POST /v1/me/passkeys', error: 'passkey.not_verified' },
      {
        route: 'POST /v1/me/identities/authorization',
        body: REDIRECT,
        error: 'request.invalid',
      },
      { route: 'POST /v1/me/identities', error: 'auth.oidc_invalid' },
      { route: 'PUT /v1/me/avatar', body: photo },
      both('POST /v1/me/host', 'mutation becomeHost'),
      both('POST /v1/me/phone', 'mutation requestPhoneCode', () => ({ phone: '+12025550123' })),
      {
        ...both('POST /v1/reports', 'mutation createReport', ({ listing }) => ({
          ...{ subjectType: 'listing', subjectId: listing, reason: 'scam' },
        })),
        error: { hostA: 'report.subject_is_own' },
        fieldError: {
          ...{ guestA: 'report.already_open', guestB: 'report.already_open', hostB: 'report.already_open' },
          ...{ admin: 'report.already_open', hostA: 'report.subject_is_own' },
        },
      },
      {
        ...both('POST /v1/listings/{id}/threads', 'mutation startThread', TEXT),
        error: { hostA: 'listing.is_own' },
      },
    ],
  ],
  [
    of(VERIFIED, GUEST),
    [
      {
        ...both('POST /v1/bookings', 'mutation createBooking', ({ quote }) => ({ quoteId: quote })),
        fieldError: 'quote.used',
      },
    ],
  ],
  [
    HOST,
    [
      { route: 'GET /v1/me/calendar', query: DAYS },
      both('GET /v1/me/payouts', 'query myPayouts'),
      both('GET /v1/me/payout-account', 'query payoutAccounts'),
    ],
  ],
  [
    VERIFIED_HOST,
    [
      both('POST /v1/listings', 'mutation createListing', () => ({ title: 'A draft' })),
      both('PUT /v1/me/payout-account', 'mutation setPayoutAccount', () => ({
        ...{ provider: 'sandbox', currency: 'EUR', reference: 'acct_1032D82eZvKYlo2C' },
      })),
    ],
  ],
  [
    of(HOST, HOST_A),
    [
      ...routes('GET /v1/listings/{id}/pricing', 'GET /v1/listings/{id}/calendar/feeds'),
      both('GET /v1/listings/{id}/calendar/feeds/{feedId}/log', 'query calendarFeedLog'),
      both('GET /v1/listings/{id}/calendar/blocks', 'query calendarBlocks'),
      both('GET /v1/listings/{id}/calendar/export-url', 'query calendarExportUrl'),
      both('GET /v1/listings/{id}/links', 'query listingLinks'),
      both('DELETE /v1/listings/{id}/calendar/feeds/{feedId}', 'mutation removeCalendarFeed'),
      both('DELETE /v1/listings/{id}/calendar/blocks/{blockId}', 'mutation unblockNights'),
      { field: 'query listingChanges' },
    ],
  ],
  [of(HOST_OR_ADMIN, HOST_A_OR_ADMIN), routes('GET /v1/listings/{id}/changes')],
  [
    of(VERIFIED_HOST, HOST_A),
    [
      { route: 'POST /v1/listings/{id}/photos', body: photo },
      ...routes('DELETE /v1/listings/{id}/photos/{photoId}'),
      {
        route: 'PUT /v1/listings/{id}/photos/order',
        body: ({ photo }) => ({ photoIds: [photo] }),
        foreign: 'request.invalid',
      },
      both('PATCH /v1/listings/{id}', 'mutation editListing', () => ({ title: 'Another title' })),
      both('PUT /v1/listings/{id}/pricing', 'mutation setPricing', () => ({ basePriceMinor: 9_000 })),
      both('PUT /v1/listings/{id}/stay-rules', 'mutation setStayRules', () => ({ minNights: 1 })),
      both('POST /v1/listings/{id}/copy', 'mutation copyListing'),
      {
        ...both('POST /v1/listings/{id}/publish', 'mutation publishListing'),
        error: 'listing.wrong_state',
      },
      {
        ...both('POST /v1/listings/{id}/pause', 'mutation pauseListing'),
        fieldError: 'listing.wrong_state',
      },
      {
        ...both('POST /v1/listings/{id}/archive', 'mutation archiveListing'),
        fieldError: 'listing.wrong_state',
      },
      { route: 'DELETE /v1/listings/{id}', object: 'draft' },
      { field: 'mutation deleteListing', object: 'other draft' },
      both('POST /v1/listings/{id}/calendar/blocks', 'mutation blockNights', () => ({
        ...{ from: dayAhead(100), to: dayAhead(101) },
      })),
      {
        ...both('PUT /v1/listings/{id}/links', 'mutation linkListings', ({ room }) => ({
          listingIds: room ? [room] : [],
        })),
        foreign: 'hidden',
      },
      both('POST /v1/listings/{id}/calendar/export-url', 'mutation createCalendarExportUrl', () => ({})),
      {
        ...both('POST /v1/listings/{id}/calendar/feeds', 'mutation createCalendarFeed', () => ({
          ...{ url: 'https://calendars.example.com/c.ics', name: 'Elsewhere' },
        })),
        fieldError: 'feed.already_added',
      },
      both('PATCH /v1/listings/{id}/calendar/feeds/{feedId}', 'mutation editCalendarFeed', () => ({
        name: 'Another name',
      })),
      both('POST /v1/listings/{id}/calendar/feeds/{feedId}/sync', 'mutation syncCalendarFeed'),
    ],
  ],
  [
    of(USER, GUEST),
    [
      both('GET /v1/quotes/{id}', 'query quote'),
      { ...both('PATCH /v1/reviews/{id}', 'mutation editReview', TEXT), error: 'review.already_published' },
    ],
  ],
  [
    of(USER, PARTIES_OR_ADMIN),
    [
      ...routes(
        'GET /v1/bookings/{id}/changes/{changeId}',
        'GET /v1/bookings/{bookingId}/refunds',
        'GET /v1/bookings/{bookingId}/reviews',
        'GET /v1/payments/{id}/receipt',
      ),
      both('GET /v1/bookings/{id}', 'query booking'),
      both('GET /v1/bookings/{id}/changes', 'query bookingChanges'),
      ...routes('GET /v1/bookings/{bookingId}/payments'),
      both('GET /v1/payments/{id}', 'query payment'),
    ],
  ],
  [of(USER, GUEST_OR_ADMIN), routes('GET /v1/bookings/{bookingId}/payment')],
  [
    of(VERIFIED, GUEST),
    [
      both('POST /v1/payments/{id}/confirm', 'mutation confirmPayment', () => ({
        paymentMethod: 'pm_card_visa',
      })),
    ],
  ],
  [
    of(USER, PARTIES),
    [
      ...routes('GET /v1/threads/{id}/messages'),
      { route: 'GET /v1/bookings/{id}/cancellation', object: 'live booking' },
      { field: 'query cancellation', error: ENDED },
      {
        route: 'POST /v1/bookings/{id}/cancel',
        object: 'live booking',
        body: REASON,
        error: { hostA: ENDED },
      },
      { field: 'mutation cancelBooking', body: REASON, error: ENDED },
      {
        ...both('POST /v1/bookings/{id}/changes/{changeId}/decline', 'mutation declineBookingChange'),
        error: CHANGE_ENDED,
      },
      {
        ...both('POST /v1/bookings/{id}/changes/{changeId}/withdraw', 'mutation withdrawBookingChange'),
        error: CHANGE_ENDED,
      },
      both('GET /v1/threads/{id}', 'query thread'),
      both('GET /v1/messages/{id}', 'query message'),
      {
        ...both('PUT /v1/threads/{id}/read-mark', 'mutation markThreadRead', ({ message }) => ({
          messageId: message,
        })),
        foreign: 'hidden',
      },
      {
        ...both('POST /v1/bookings/{bookingId}/reviews', 'mutation writeReview', () => ({
          ...{ overall: 5, categories: SCORES, text: 'A stay' },
        })),
        error: 'review.already_written',
      },
    ],
  ],
  [
    of(VERIFIED, PARTIES),
    [
      {
        ...{ route: 'POST /v1/bookings/{id}/changes', object: 'live booking' },
        ...{ body: () => OTHER_STAY, error: { hostA: 'change.already_open' } },
      },
      { field: 'mutation proposeBookingChange', body: () => OTHER_STAY, error: ENDED },
      {
        ...both('POST /v1/bookings/{id}/changes/{changeId}/accept', 'mutation acceptBookingChange'),
        error: CHANGE_ENDED,
      },
      both('POST /v1/threads/{id}/messages', 'mutation sendMessage', TEXT),
    ],
  ],
  [
    { ...of(VERIFIED, HOST_A), forbidden: GUEST },
    [
      { ...both('POST /v1/bookings/{id}/accept', 'mutation acceptBooking'), error: ENDED },
      { ...both('POST /v1/bookings/{id}/decline', 'mutation declineBooking', REASON), error: ENDED },
    ],
  ],
  [
    of(USER, HOST_A),
    [
      {
        ...both('POST /v1/reviews/{id}/reply', 'mutation replyToReview', TEXT),
        fieldError: 'review.already_replied',
      },
    ],
  ],
  [
    ADMIN,
    [
      { route: 'GET /v1/admin/threads/{id}', query: { reason: 'A report' } },
      {
        ...{ route: 'POST /v1/admin/bookings/{id}/cancel', object: 'other live booking' },
        body: () => ({ reason: 'A reason', refundMinor: 0 }),
      },
      {
        ...{ route: 'POST /v1/admin/payments/{id}/refunds', object: 'paid' },
        body: () => ({ amountMinor: 100, reason: 'A reason' }),
      },
      {
        ...{ route: 'POST /v1/admin/payments/{id}/refunds/{refundId}/retry', object: 'paid' },
        error: 'payment.refund_not_failed',
      },
      {
        ...{ route: 'POST /v1/admin/payments/{id}/refunds/{refundId}/settle', object: 'paid' },
        error: 'payment.refund_not_failed',
      },
      { route: 'POST /v1/admin/webhooks/{provider}/{id}/dismiss', error: 'webhook.not_parked' },
      { route: 'POST /v1/admin/reports/{id}/dismiss', object: 'other report' },
      { route: 'POST /v1/admin/outbox/refused/{id}/discard', object: 'other refused' },
      { route: 'POST /v1/admin/dead-letters/{id}/discard', object: 'other dead-letter' },
      { route: 'POST /v1/admin/mails/{id}/retry', error: 'mail.not_found' },
      { route: 'POST /v1/admin/jobs/{id}/retry', error: 'job.not_found' },
      { route: 'POST /v1/admin/jobs/{id}/discard', error: 'job.not_found' },
      { route: 'POST /v1/admin/payment-operations/{id}/retry', error: 'payment.operation_not_found' },
      { route: 'POST /v1/admin/payouts/{id}/retry', error: 'payout.not_found' },
    ],
  ],
];

export interface DeclaredOperation extends Operation {
  rule: Rule;
}

/** The declared operation of each route and each field. */
export const declaredOperations = new Map<string, DeclaredOperation>(
  DECLARED.flatMap(([rule, operations]) =>
    operations.flatMap((operation) =>
      [operation.route, operation.field]
        .filter((name) => name !== undefined)
        .map((name) => [name, { ...operation, rule }] as const),
    ),
  ),
);

export const ruleOf = (name: string): DeclaredOperation | undefined =>
  declaredOperations.get(name) ?? (ADMIN_ROUTES.has(name) ? { rule: ADMIN } : undefined);
