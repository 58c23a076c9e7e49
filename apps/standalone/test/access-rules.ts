/** Guest A and host A own the objects of the matrix; guest B and host B do not. */
export const CALLERS = [
  'anonymous',
  'unverified',
  'guestA',
  'guestB',
  'hostA',
  'hostB',
  'suspended',
  'admin',
] as const;
export type Caller = (typeof CALLERS)[number];

export interface Rule {
  /** Of the route. The graph verifies every token that it gets. */
  token: 'ignored' | 'optional' | 'required';
  /** One of them is needed. */
  roles?: readonly ('host' | 'admin')[];
  verified?: true;
  /** The callers for whom the object exists; default: all. */
  of?: readonly Caller[];
  /** The callers who may read the object, but not do this with it. */
  forbidden?: readonly Caller[];
}

/** The objects of guest A and host A, by id. */
export interface Objects {
  [name: string]: string;
}

/** One operation: a route, or a field of the graph that does the same, or both; and a body that passes validation. */
export interface Operation {
  route?: string;
  field?: string;
  /** The object of the argument `id`, if it is not of the type that the field returns. */
  object?: string;
  body?: (objects: Objects) => unknown;
}

const PUBLIC: Rule = { token: 'ignored' };
const OPTIONAL: Rule = { token: 'optional' };
const USER: Rule = { token: 'required' };
const VERIFIED: Rule = { token: 'required', verified: true };
const HOST: Rule = { token: 'required', roles: ['host'] };
const HOST_OR_ADMIN: Rule = { token: 'required', roles: ['host', 'admin'] };
const VERIFIED_HOST: Rule = { token: 'required', roles: ['host'], verified: true };
const ADMIN: Rule = { token: 'required', roles: ['admin'] };

export const GUEST = ['guestA'] as const;
export const GUEST_OR_ADMIN = ['guestA', 'admin'] as const;
export const HOST_A = ['hostA'] as const;
const HOST_A_OR_ADMIN = ['hostA', 'admin'] as const;
export const PARTIES = ['guestA', 'hostA'] as const;
export const PARTIES_OR_ADMIN = ['guestA', 'hostA', 'admin'] as const;
const of = (rule: Rule, callers: readonly Caller[]): Rule => ({ ...rule, of: callers });

const both = (route: string, field: string, body?: Operation['body']): Operation => ({
  route,
  field,
  ...(body ? { body } : {}),
});
const routes = (...names: string[]): Operation[] => names.map((route) => ({ route }));

const ATTENDEES = { adults: 1, children: [], infants: 0, pets: 0 };
const STAY = { checkInDate: '2031-05-04', checkOutDate: '2031-05-06' };
const REASON = () => ({ reason: 'A reason' });
const TEXT = () => ({ text: 'A text' });
/** A file of a form, which is not read before the listing is found. */
const photo = () => {
  const form = new FormData();
  form.append('file', new Blob([Buffer.from('ffd8ffe0', 'hex')], { type: 'image/jpeg' }), 'a.jpg');
  return form;
};
const SCORES = { accuracy: 5, checkIn: 5, cleanliness: 5, communication: 5, location: 5, value: 5 };

/** Every operation of the marketplace. Routes of `/v1/admin` have the rule of administrators without an entry. */
export const DECLARED: readonly (readonly [Rule, readonly Operation[]])[] = [
  [
    PUBLIC,
    [
      ...routes(
        'GET /.well-known/jwks.json',
        'POST /v1/auth/login',
        'POST /v1/auth/logout',
        'POST /v1/auth/refresh',
        'POST /v1/auth/register',
        'POST /v1/auth/verify-email',
        'POST /v1/auth/resend-verification',
        'POST /v1/auth/forgot-password',
        'POST /v1/auth/reset-password',
        'POST /v1/auth/passkeys/options',
        'POST /v1/auth/passkeys',
        'POST /v1/auth/mfa',
        'GET /v1/auth/oidc/providers',
        'POST /v1/auth/oidc/authorization',
        'POST /v1/auth/oidc',
        'GET /v1/avatars/{avatarId}',
        'POST /v1/auth/confirm-email-change',
        'GET /v1/users/{userId}/reviews',
        'GET /v1/users/{userId}/host-figures',
        'GET /v1/photos/{photoId}/{rendition}',
        'GET /v1/calendars/{token}.ics',
        'POST /v1/webhooks/sandbox',
        'POST /v1/webhooks/stripe',
        'POST /v1/webhooks/paystack',
      ),
      both('GET /v1/config', 'query config'),
      both('GET /v1/users/{id}', 'query user'),
      both('GET /v1/listings/search', 'query listings'),
      both('GET /v1/catalogues', 'query catalogues'),
      both('GET /v1/listings/{id}/similar', 'query similarListings'),
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
      ...routes('GET /v1/listings/{id}/calendar'),
      both('GET /v1/listings/{id}', 'query listing'),
      both('GET /v1/listings/{id}/stay-rules', 'query stayRules'),
      both('GET /v1/reviews/{id}', 'query review'),
    ],
  ],
  [
    USER,
    [
      ...routes(
        'POST /v1/auth/step-up',
        'POST /v1/auth/step-up/options',
        'DELETE /v1/me',
        'POST /v1/me/password',
        'POST /v1/me/email',
        'POST /v1/me/mfa/totp',
        'DELETE /v1/me/mfa/totp',
        'POST /v1/me/mfa/totp/confirm',
        'GET /v1/me/notification-settings',
        'PUT /v1/me/notification-settings',
        'GET /v1/me/events',
        'GET /v1/me/listings',
      ),
      both('GET /v1/me/sessions', 'query sessions'),
      both('GET /v1/me/audit-log', 'query accountLog'),
      both('GET /v1/me/passkeys', 'query passkeys'),
      both('PATCH /v1/me/passkeys/{id}', 'mutation renamePasskey', () => ({ name: 'Phone' })),
      both('DELETE /v1/me/passkeys/{id}', 'mutation removePasskey'),
      both('GET /v1/me/identities', 'query identities'),
      both('DELETE /v1/me/identities/{id}', 'mutation unlinkIdentity'),
      both('DELETE /v1/me/avatar', 'mutation removeAvatar'),
      both('POST /v1/me/exports', 'mutation requestDataExport'),
      both('POST /v1/wishlists', 'mutation createWishlist', () => ({ name: 'By the lake' })),
      both('GET /v1/me/wishlists', 'query wishlists'),
      both('GET /v1/me', 'query me'),
      both('PATCH /v1/me', 'mutation updateMe', () => ({ displayName: 'Ada' })),
      both('POST /v1/me/phone/verify', 'mutation verifyPhone', () => ({ code: '123456' })),
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
      { ...both('GET /v1/me/exports/{id}', 'query dataExport'), object: 'export' },
      { field: 'mutation revokeSession', object: 'other session' },
      both('GET /v1/wishlists/{id}', 'query wishlist'),
      both('PATCH /v1/wishlists/{id}', 'mutation editWishlist', () => ({ name: 'By the river' })),
      both('DELETE /v1/wishlists/{id}', 'mutation deleteWishlist'),
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
      ...routes(
        'POST /v1/me/passkeys/options',
        'POST /v1/me/passkeys',
        'POST /v1/me/identities/authorization',
        'POST /v1/me/identities',
        'PUT /v1/me/avatar',
      ),
      both('POST /v1/me/host', 'mutation becomeHost'),
      both('POST /v1/me/phone', 'mutation requestPhoneCode', () => ({ phone: '+12025550123' })),
      both('POST /v1/reports', 'mutation createReport', ({ listing }) => ({
        ...{ subjectType: 'listing', subjectId: listing, reason: 'scam' },
      })),
      both('POST /v1/listings/{id}/threads', 'mutation startThread', TEXT),
    ],
  ],
  [
    of(VERIFIED, GUEST),
    [both('POST /v1/bookings', 'mutation createBooking', ({ quote }) => ({ quoteId: quote }))],
  ],
  [
    HOST,
    [
      ...routes('GET /v1/me/calendar'),
      both('GET /v1/me/payouts', 'query myPayouts'),
      both('GET /v1/me/payout-account', 'query payoutAccounts'),
    ],
  ],
  [
    VERIFIED_HOST,
    [
      both('POST /v1/listings', 'mutation createListing', () => ({ title: 'A draft' })),
      both('PUT /v1/me/payout-account', 'mutation setPayoutAccount', () => ({
        ...{ provider: 'sandbox', currency: 'EUR', reference: 'NL91ABNA0417164300' },
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
      { route: 'PUT /v1/listings/{id}/photos/order', body: ({ photo }) => ({ photoIds: [photo] }) },
      both('PATCH /v1/listings/{id}', 'mutation editListing', () => ({ title: 'Another title' })),
      both('PUT /v1/listings/{id}/pricing', 'mutation setPricing', () => ({ basePriceMinor: 9_000 })),
      both('PUT /v1/listings/{id}/stay-rules', 'mutation setStayRules', () => ({ minNights: 1 })),
      both('POST /v1/listings/{id}/publish', 'mutation publishListing'),
      both('POST /v1/listings/{id}/pause', 'mutation pauseListing'),
      both('POST /v1/listings/{id}/archive', 'mutation archiveListing'),
      both('POST /v1/listings/{id}/copy', 'mutation copyListing'),
      both('DELETE /v1/listings/{id}', 'mutation deleteListing'),
      both('POST /v1/listings/{id}/calendar/blocks', 'mutation blockNights', () => ({
        ...{ from: '2031-06-01', to: '2031-06-03' },
      })),
      both('PUT /v1/listings/{id}/links', 'mutation linkListings', () => ({ listingIds: [] })),
      both('POST /v1/listings/{id}/calendar/export-url', 'mutation createCalendarExportUrl', () => ({})),
      both('POST /v1/listings/{id}/calendar/feeds', 'mutation createCalendarFeed', () => ({
        ...{ url: 'https://calendars.example.com/a.ics', name: 'Elsewhere' },
      })),
      both('PATCH /v1/listings/{id}/calendar/feeds/{feedId}', 'mutation editCalendarFeed', () => ({
        name: 'Another name',
      })),
      both('POST /v1/listings/{id}/calendar/feeds/{feedId}/sync', 'mutation syncCalendarFeed'),
    ],
  ],
  [
    of(USER, GUEST),
    [both('GET /v1/quotes/{id}', 'query quote'), both('PATCH /v1/reviews/{id}', 'mutation editReview', TEXT)],
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
        paymentMethod: 'pm_card_chargeDeclined',
      })),
    ],
  ],
  [
    of(USER, PARTIES),
    [
      ...routes('GET /v1/threads/{id}/messages'),
      both('GET /v1/bookings/{id}/cancellation', 'query cancellation'),
      both('POST /v1/bookings/{id}/cancel', 'mutation cancelBooking', REASON),
      both('POST /v1/bookings/{id}/changes/{changeId}/decline', 'mutation declineBookingChange'),
      both('POST /v1/bookings/{id}/changes/{changeId}/withdraw', 'mutation withdrawBookingChange'),
      both('GET /v1/threads/{id}', 'query thread'),
      both('GET /v1/messages/{id}', 'query message'),
      both('PUT /v1/threads/{id}/read-mark', 'mutation markThreadRead', ({ message }) => ({
        messageId: message,
      })),
      both('POST /v1/bookings/{bookingId}/reviews', 'mutation writeReview', () => ({
        ...{ overall: 5, categories: SCORES, text: 'A stay' },
      })),
    ],
  ],
  [
    of(VERIFIED, PARTIES),
    [
      both('POST /v1/bookings/{id}/changes', 'mutation proposeBookingChange', () => STAY),
      both('POST /v1/bookings/{id}/changes/{changeId}/accept', 'mutation acceptBookingChange'),
      both('POST /v1/threads/{id}/messages', 'mutation sendMessage', TEXT),
    ],
  ],
  [
    { ...of(VERIFIED, HOST_A), forbidden: GUEST },
    [
      both('POST /v1/bookings/{id}/accept', 'mutation acceptBooking'),
      both('POST /v1/bookings/{id}/decline', 'mutation declineBooking', REASON),
    ],
  ],
  [of(USER, HOST_A), [both('POST /v1/reviews/{id}/reply', 'mutation replyToReview', TEXT)]],
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
  / \/v1\/admin\//.test(name) ? { rule: ADMIN } : declaredOperations.get(name);

/** What a caller gets under a rule. */
export type Outcome = 'allowed' | 'hidden' | RefusalCode;
export const refusalCodes = [
  'auth.missing_token',
  'auth.invalid_token',
  'auth.forbidden',
  'auth.email_unverified',
  'account.suspended',
] as const;
type RefusalCode = (typeof refusalCodes)[number];

const ROLES: Record<Caller, readonly string[]> = {
  ...{ anonymous: [], unverified: [], guestA: [], guestB: [] },
  ...{ hostA: ['host'], hostB: ['host'], suspended: ['host', 'admin'], admin: ['admin'] },
};

/** In the order of `AccessGuard`: the account, the role, the mail address, then the object. */
export function expectedOutcome(rule: Rule, caller: Caller, isField: boolean): Outcome {
  if (caller === 'suspended' && (isField || rule.token !== 'ignored')) return 'account.suspended';
  if (caller === 'anonymous' && rule.token === 'required') return 'auth.missing_token';
  if (rule.roles && !rule.roles.some((role) => ROLES[caller].includes(role))) return 'auth.forbidden';
  if (rule.verified && caller === 'unverified') return 'auth.email_unverified';
  if (rule.forbidden?.includes(caller)) return 'auth.forbidden';
  return rule.of && !rule.of.includes(caller) ? 'hidden' : 'allowed';
}
