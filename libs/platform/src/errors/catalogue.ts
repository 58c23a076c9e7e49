export interface ErrorEntry {
  status: number;
  title: string;
  /** What the page `docs/errors/<code>.md` tells. */
  page: { what: string; fix: string };
}

/** Checks the shape of a catalogue and keeps its codes as literal types. */
export function defineErrors<const E extends Record<string, ErrorEntry>>(entries: E): E {
  return entries;
}

const entry = (status: number, title: string, what: string, fix: string): ErrorEntry => ({
  status,
  title,
  page: { what, fix },
});

/** Every error code of the suite, sorted. `docs/errors/*.md` is generated from it. */
export const catalogue = defineErrors({
  'account.suspended': entry(
    403,
    'This account is suspended',
    'An administrator suspended the account that the access token belongs to.',
    'Ask the operator of the marketplace why, and to reinstate the account.',
  ),
  'auth.email_unverified': entry(
    403,
    'The mail address is not verified',
    'Booking, hosting and paying need a verified mail address, and the access token says that it is not.',
    'Follow the link in the verification mail (or ask for another one with `POST /v1/auth/resend-verification`), then refresh the tokens: the new access token carries the new claim.',
  ),
  'auth.forbidden': entry(
    403,
    'Your role does not allow this',
    'The route needs a role that the access token does not carry.',
    'Sign in with an account that has the role. After becoming a host, refresh the tokens first: the new access token carries the new role.',
  ),
  'auth.invalid_credentials': entry(
    401,
    'Wrong mail address, password or code',
    'No account matches these credentials. The answer is the same whether or not the mail address is known.',
    'Check the address and the password, or reset the password with `POST /v1/auth/forgot-password`.',
  ),
  'auth.invalid_token': entry(
    401,
    'The access token is not valid',
    'The token is malformed, expired, signed by an unknown key or by another algorithm than RS256, or comes from another issuer.',
    'Get a new one with `POST /v1/auth/refresh` or by logging in.',
  ),
  'auth.link_invalid': entry(
    400,
    'This link has expired or was used',
    'The token of a verification, reset or mail-change link is unknown, expired, or has been used.',
    'Ask for a new mail and use its link once.',
  ),
  'auth.locked': entry(
    429,
    'Too many failed attempts',
    'Several attempts failed in a row, so this account accepts none for a while.',
    'Wait as long as `Retry-After` says, or reset the password.',
  ),
  'auth.mfa_already_enabled': entry(
    409,
    'Two-factor authentication is already on',
    'The account has a confirmed authenticator.',
    'Remove the present one with `DELETE /v1/me/mfa/totp` first.',
  ),
  'auth.mfa_invalid': entry(
    401,
    'The code is wrong or the sign-in has expired',
    'The one-time code does not match, was used before, or the `mfaToken` is older than allowed.',
    'Enter the code that the authenticator shows now, or log in again.',
  ),
  'auth.mfa_not_enabled': entry(
    409,
    'Two-factor authentication is not on',
    'There is no authenticator to confirm or to remove.',
    'Start with `POST /v1/me/mfa/totp`.',
  ),
  'auth.missing_token': entry(
    401,
    'An access token is needed',
    'The route is for signed-in users and the request has no `Authorization: Bearer` header.',
    'Log in with `POST /v1/auth/login` and send the access token.',
  ),
  'auth.password_too_common': entry(
    422,
    'This password is too common',
    'The password is on the list of those that are tried first.',
    'Choose another one: three or four unrelated words do well.',
  ),
  'auth.refresh_invalid': entry(
    401,
    'The refresh token is not valid',
    'The token is unknown or has expired, or its session has ended: by logging out, by a new password or by being revoked.',
    'Log in again.',
  ),
  'auth.refresh_reused': entry(
    401,
    'The refresh token was used before',
    'A refresh token works once. A second use looks like theft, so the whole session was ended.',
    'Log in again. A client must keep the newest refresh token only.',
  ),
  'auth.step_up_required': entry(
    403,
    'Please confirm that it is you',
    'This change needs a password or code that is at most five minutes old.',
    'Call `POST /v1/auth/step-up` and repeat the request with the access token it returns.',
  ),
  'booking.accept_too_late': entry(
    409,
    'The request can no longer be accepted',
    'The payment authorization would lapse before the acceptance could capture it, or the time to answer is over.',
    'Nothing can be done for this request; the guest may book again.',
  ),
  'booking.dates_unavailable': entry(
    409,
    'These dates are taken',
    'Another booking, hold or block holds at least one of the nights, or a linked listing does.',
    'Choose other dates; `GET /v1/listings/{id}/calendar` shows the free ones.',
  ),
  'booking.listing_unavailable': entry(
    409,
    'The listing can not be booked any more',
    'Its host paused or archived the listing, or it was suspended, after the quote was made.',
    'Look for another place.',
  ),
  'booking.not_found': entry(
    404,
    'No such booking',
    'There is no booking with this id, or it is not yours.',
    'Check the id, and that you are signed in as its guest or host.',
  ),
  'booking.refund_out_of_range': entry(
    422,
    'This refund is more than was paid',
    'An administrator may refund anything from nothing to what was captured (`capturedMinor`) less what was given back by hand before; `refundableMinor` says how much that is.',
    'Choose a refund up to `refundableMinor`.',
  ),
  'booking.transition_not_allowed': entry(
    409,
    'The booking is not in a state that allows this',
    'The booking has moved on: what was asked for does not start from its present state.',
    'Read the booking again with `GET /v1/bookings/{id}` and decide on its present `state`.',
  ),
  'calendar.block_not_found': entry(
    404,
    'No such block',
    'There is no block with this id in the calendar of this listing, or the listing is not yours.',
    'Read the calendar again and use the id that it shows.',
  ),
  'calendar.dates_taken': entry(
    409,
    'A booking holds some of these dates',
    'Dates of a live booking can not be blocked.',
    'Cancel the booking first, or block other dates.',
  ),
  'calendar.not_found': entry(
    404,
    'No such calendar',
    'No calendar belongs to this address; the host may have made a new one.',
    'Ask the host for the present address.',
  ),
  'change.already_open': entry(
    409,
    'Another change is open',
    'A booking has one open change at a time; `changeId` names it.',
    'Answer, withdraw or await the open one first; `openChange` of the booking shows it.',
  ),
  'change.nights_stayed': entry(
    422,
    'Nights already stayed can not be given back',
    'The guest has checked in: the check-in stays where it is, and the check-out can not come before the end of a night that has begun. `earliestCheckOutDate` says how early it may be.',
    'Change the check-out only, to `earliestCheckOutDate` or later.',
  ),
  'change.not_found': entry(
    404,
    'No such change',
    'There is no proposed change with this id on this booking, or the booking is not yours.',
    'Read the booking again: `openChange` names the open one.',
  ),
  'change.nothing_changed': entry(
    422,
    'This would change nothing',
    'The booking has these dates and guests already.',
    'Propose other dates or guests.',
  ),
  'change.transition_not_allowed': entry(
    409,
    'The change is not in a state that allows this',
    'It was answered, withdrawn or applied, its time has run out, or the booking was cancelled or has begun.',
    'Read the change again with `GET /v1/bookings/{id}/changes/{changeId}` and decide on its present `state`.',
  ),
  'feed.already_added': entry(
    409,
    'This calendar is imported already',
    'Another feed of this listing has the same address.',
    'List the feeds with `GET /v1/listings/{id}/calendar/feeds`; `POST …/feeds/{feedId}/sync` reads one again.',
  ),
  'feed.limit_reached': entry(
    409,
    'This listing has as many feeds as it may have',
    'A listing imports at most 20 calendars.',
    'Remove one that is no longer needed with `DELETE /v1/listings/{id}/calendar/feeds/{feedId}`.',
  ),
  'feed.not_found': entry(
    404,
    'No such calendar feed',
    'There is no imported calendar with this id on this listing, or the listing is not yours.',
    'List the feeds with `GET /v1/listings/{id}/calendar/feeds`.',
  ),
  'feed.url_not_allowed': entry(
    422,
    'A calendar can not be read from this address',
    'The address is no http(s) URL, holds a user name or password, or names a server that is not on the public internet.',
    'Copy the address that the other calendar shows under “export” or “iCal”. It begins with https:// and opens in a private window of a browser, without signing in.',
  ),
  'graphql.operation_unknown': entry(
    404,
    'No such persisted operation',
    'A GraphQL request named an operation by its hash only, and the gateway has not seen its text, or not for a week.',
    'Send the request again with both the hash and the text (`query`), as clients with automatic persisted queries do by themselves.',
  ),
  'idempotency.in_progress': entry(
    409,
    'The first request with this key is still running',
    'A request with the same `Idempotency-Key` has not been answered yet.',
    'Wait a moment and send the same request again: it gets the first answer.',
  ),
  'idempotency.key_reused': entry(
    422,
    'This key was used for another request',
    'The `Idempotency-Key` belongs to an earlier request with another body.',
    'Use a new key for each new request, and the same key only to repeat one.',
  ),
  internal: entry(
    500,
    'Something failed on our side',
    'An error that nobody foresaw. It has been logged with the `traceId` of this answer.',
    'Try again later; tell the operator the `traceId` if it stays.',
  ),
  'listing.archived': entry(
    409,
    'The listing is archived',
    'An archived listing keeps its history and takes no more changes.',
    'Create a new listing.',
  ),
  'listing.currency_fixed': entry(
    409,
    'The currency can not change any more',
    'The currency of a listing is fixed once it has been published.',
    'Create another listing in the other currency.',
  ),
  'listing.forbidden': entry(
    403,
    'This listing belongs to another host',
    'Only its host may change a listing.',
    'Sign in as the host of the listing.',
  ),
  'listing.incomplete': entry(
    409,
    'The listing is not complete',
    'Something that publishing needs is missing; `missing` lists JSON pointers to it.',
    'Fill in what is missing and publish again.',
  ),
  'listing.is_own': entry(
    409,
    'This listing is your own',
    'A host neither books nor asks about a listing of theirs.',
    'Block the nights in the calendar of the listing instead.',
  ),
  'listing.link_clash': entry(
    409,
    'The listings can not be linked',
    'Live bookings of the listings overlap, or one of them is linked elsewhere.',
    'Solve the overlap first, or remove the other link.',
  ),
  'listing.not_found': entry(
    404,
    'No such listing',
    'There is no published listing with this id, or it is not yours.',
    'Check the id.',
  ),
  'listing.pricing_not_set': entry(
    404,
    'The listing has no prices yet',
    'The host has not set the price rules of this listing.',
    'Set them with `PUT /v1/listings/{id}/pricing`.',
  ),
  'listing.wrong_state': entry(
    409,
    'The listing is not in a state that allows this',
    'The listing has moved on: the transition asked for does not start from its present status.',
    'Read the listing again and decide on its present `status`.',
  ),
  'message.not_found': entry(
    404,
    'No such message',
    'There is no message with this id in this thread.',
    'Check the id; `GET /v1/threads/{id}/messages` lists those of the thread.',
  ),
  'payment.declined': entry(
    402,
    'The payment was declined',
    'The bank or card declined it; `reason` says why where the provider tells.',
    'Use another payment method, or ask the bank.',
  ),
  'payment.not_found': entry(
    404,
    'No such payment',
    'There is no payment with this id, or it is not yours.',
    'Check the id, and that you are signed in as the guest who pays.',
  ),
  'payment.not_ready': entry(
    404,
    'The payment does not exist yet',
    'Payments follow their booking by a moment, and this one has not been created.',
    'Ask again, with `Prefer: wait=10` to be answered as soon as it exists.',
  ),
  'payment.provider_unavailable': entry(
    503,
    'The payment provider does not answer',
    'The provider could not be reached or failed. Nothing is lost: what was begun is finished later, once.',
    'Wait as long as `Retry-After` says and read the payment again before paying again.',
  ),
  'payment.refund_too_large': entry(
    409,
    'More than was captured can not be given back',
    'The refund and those before it, also the ones under way, would exceed what was captured; `refundableMinor` is what is left.',
    'Refund at most `refundableMinor`.',
  ),
  'payment.wrong_state': entry(
    409,
    'The payment is not in a state that allows this',
    'The payment has moved on: it was paid, voided or has failed for good.',
    'Read the payment again and decide on its present `status`.',
  ),
  'photo.invalid': entry(
    422,
    'This file is not a photo that can be used',
    'The file is damaged, is no JPEG, PNG, WebP or AVIF whatever its name says, or has too many pixels.',
    'Save the photo again in one of these formats and upload that.',
  ),
  'photo.limit_reached': entry(
    409,
    'The listing has as many photos as it can have',
    'There is a limit to the photos of one listing.',
    'Delete a photo first.',
  ),
  'photo.not_found': entry(
    404,
    'No such photo',
    'There is no photo with this id, or it is not yours to change.',
    'Read the listing again and use the ids that it shows.',
  ),
  'quote.expired': entry(
    409,
    'The quote has expired',
    'A quote holds its price for fifteen minutes.',
    'Ask for a new one with `POST /v1/quotes`.',
  ),
  'quote.not_found': entry(
    404,
    'No such quote',
    'There is no quote with this id, or it is not yours.',
    'Check the id, or ask for a new quote.',
  ),
  'quote.stay_rule': entry(
    422,
    'The stay breaks a rule of this listing',
    'The host set a rule that these dates or guests do not meet; `rule` names it and `required` says what it asks.',
    'Change the dates or the guests accordingly.',
  ),
  'quote.used': entry(
    409,
    'The quote was used for a booking',
    'One quote makes one booking.',
    'Ask for a new quote.',
  ),
  'rate.limited': entry(
    429,
    'Too many requests',
    'More requests came from you in this minute than are allowed.',
    'Wait as long as `Retry-After` says.',
  ),
  'rate.too_many_messages': entry(
    429,
    'Too many messages',
    'More messages, or more new enquiries, came from you than are allowed; `detail` says how many are.',
    'Wait as long as `Retry-After` says.',
  ),
  'rate.too_many_waits': entry(
    429,
    'Too many requests are waiting',
    'At most four requests with `Prefer: wait` may wait at a time for one user.',
    'Let one of them finish, or ask without `Prefer: wait`.',
  ),
  'request.invalid': entry(
    400,
    'The request is malformed',
    'Something in the body, the path or the query is not as the OpenAPI document says; `errors` points at each place.',
    'Mend what `errors` names. Unknown fields are refused, too.',
  ),
  'request.precondition_failed': entry(
    412,
    'It has changed since you read it',
    'The `If-Match` header carries another version than the present one: somebody else changed it.',
    'Read it again, apply your change to what you find, and send the new `ETag`.',
  ),
  'request.timeout': entry(
    408,
    'The request took too long to arrive',
    'The connection delivered the request too slowly.',
    'Send it again.',
  ),
  'request.too_large': entry(
    413,
    'The request is too large',
    'The body is larger than this route accepts.',
    'Send less: bodies may have 1 MiB, photos 15 MB.',
  ),
  'request.unsupported_media_type': entry(
    415,
    'This content type is not accepted',
    'The route reads `application/json` (uploads: `multipart/form-data`).',
    'Send the body as such and say so in `Content-Type`.',
  ),
  'request.uri_too_long': entry(
    414,
    'The address is too long',
    'A part of the path is longer than any id or name can be.',
    'Check how the address is put together.',
  ),
  'review.already_published': entry(
    409,
    'The review is published',
    'A review can be edited until it appears: when the other side has written, too, or when the time to review is over.',
    'Nothing can be changed any more; report the review if it has to go.',
  ),
  'review.already_replied': entry(
    409,
    'The review has an answer',
    'Who was reviewed answers once, and has.',
    'Read the review again: `reply` holds the answer.',
  ),
  'review.already_written': entry(
    409,
    'You have reviewed this stay',
    'Each side writes one review of a stay, and yours is there.',
    'Change it with `PATCH /v1/reviews/{id}` as long as it is not published; `GET /v1/bookings/{id}/reviews` has its id.',
  ),
  'review.not_eligible': entry(
    409,
    'This stay can not be reviewed',
    'Only a stay that is completed, or that its host cancelled on or after the day of check-in, can be reviewed.',
    'Wait for the check-out; a moment later the stay is among `GET /v1/me/reviews/pending`.',
  ),
  'review.not_found': entry(
    404,
    'No such review',
    'There is no published review with this id, or what was asked for is not yours to do.',
    'Check the id, and that you are signed in as its author, or as who was reviewed.',
  ),
  'review.reply_window_closed': entry(
    409,
    'The time to answer is over',
    'A review can be answered within 30 days of its publication.',
    'Nothing can be done any more.',
  ),
  'review.report_not_found': entry(
    404,
    'No such open report',
    'There is no report with this id, or it has been closed.',
    'List the open ones with `GET /v1/admin/review-reports`.',
  ),
  'review.window_closed': entry(
    409,
    'The time to review is over',
    'A stay can be reviewed within 14 days of check-out.',
    'Nothing can be done any more; `GET /v1/me/reviews/pending` says until when the other stays can be reviewed.',
  ),
  'review.wrong_state': entry(
    409,
    'The review is not in a state that allows this',
    'A hidden review can not be hidden again, and one that is not hidden can not be restored.',
    'Read the review again: `hidden` says how it stands.',
  ),
  'route.method_not_allowed': entry(
    405,
    'This method is not offered here',
    'The path exists with other methods; `Allow` lists them.',
    'Use one of them; `/openapi.json` lists all routes.',
  ),
  'route.not_found': entry(
    404,
    'No such route',
    'Nothing is served at this path with this method.',
    'Check the path; `/openapi.json` lists all routes.',
  ),
  'service.unavailable': entry(
    503,
    'A part of the service is not available',
    'A database or another part that this request needs does not answer at the moment.',
    'Wait as long as `Retry-After` says and try again; with an `Idempotency-Key` that is safe for POST, too.',
  ),
  'session.not_found': entry(
    404,
    'No such session',
    'There is no session with this id, or it is not yours.',
    'List the sessions with `GET /v1/me/sessions`.',
  ),
  'thread.closed': entry(
    409,
    'The other side can not be written to any more',
    'The account of the other side is suspended or gone.',
    'Nothing can be done here; what was written can still be read.',
  ),
  'thread.not_found': entry(
    404,
    'No such thread',
    'There is no thread with this id, or you take no part in it.',
    'Check the id; `GET /v1/me/threads` lists yours. The thread of a booking has the id of the booking.',
  ),
  'user.has_obligations': entry(
    409,
    'The account still has live bookings or unpaid payouts',
    'An account can be erased when nothing is open any more.',
    'Cancel or finish the bookings, wait for the payouts, and ask again.',
  ),
  'user.not_found': entry(404, 'No such user', 'There is no user with this id.', 'Check the id.'),
  'user.status_unchanged': entry(
    409,
    'The account is in that state already',
    'The account is suspended already, or was not suspended.',
    'Nothing needs to be done.',
  ),
  'webhook.bad_signature': entry(
    400,
    'The signature does not match',
    'The webhook was not signed with the secret that is configured here, or is too old.',
    'Check the webhook secret on both sides.',
  ),
  'wishlist.limit_reached': entry(
    409,
    'There is no room for more',
    'There is a limit to the wishlists of one user and to the listings of one wishlist.',
    'Remove one that is no longer wanted first.',
  ),
  'wishlist.not_found': entry(
    404,
    'No such wishlist',
    'There is no wishlist with this id, or it is not yours.',
    'List yours with `GET /v1/me/wishlists`.',
  ),
});

export type ErrorCode = keyof typeof catalogue;

export function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(catalogue, code);
}
