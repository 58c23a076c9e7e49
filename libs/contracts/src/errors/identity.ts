import { defineErrors, errorEntry } from './define.js';

/** The error codes of identity: users, credentials and sessions; sorted. */
export const identityErrors = defineErrors({
  'auth.invalid_credentials': errorEntry(
    401,
    'Wrong mail address, password or code',
    'No account matches these credentials. The answer is the same whether or not the mail address is known.',
    'Check the address and the password, or reset the password with `POST /v1/auth/forgot-password`.',
  ),
  'auth.link_invalid': errorEntry(
    400,
    'This link has expired or was used',
    'The token of a verification, reset or mail-change link is unknown, expired, or has been used.',
    'Ask for a new mail and use its link once.',
  ),
  'auth.locked': errorEntry(
    429,
    'Too many failed attempts',
    'Several attempts failed in a row, so this account accepts none for a while.',
    'Wait as long as `Retry-After` says, or reset the password.',
  ),
  'auth.mfa_already_enabled': errorEntry(
    409,
    'Two-factor authentication is already on',
    'The account has a confirmed authenticator.',
    'Remove the present one with `DELETE /v1/me/mfa/totp` first.',
  ),
  'auth.mfa_invalid': errorEntry(
    401,
    'The code is wrong or the sign-in has expired',
    'The one-time code does not match, was used before, or the `mfaToken` is older than allowed.',
    'Enter the code that the authenticator shows now, or log in again.',
  ),
  'auth.mfa_not_enabled': errorEntry(
    409,
    'Two-factor authentication is not on',
    'There is no authenticator to confirm or to remove.',
    'Start with `POST /v1/me/mfa/totp`.',
  ),
  'auth.password_too_common': errorEntry(
    422,
    'This password is too common',
    'The password is on the list of those that are tried first.',
    'Choose another one: three or four unrelated words do well.',
  ),
  'auth.refresh_invalid': errorEntry(
    401,
    'The refresh token is not valid',
    'The token is unknown or has expired, or its session has ended: by logging out, by a new password or by being revoked.',
    'Log in again.',
  ),
  'auth.refresh_reused': errorEntry(
    401,
    'The refresh token was used before',
    'A refresh token works once. A second use looks like theft, so the whole session was ended.',
    'Log in again. A client must keep the newest refresh token only.',
  ),
  'session.not_found': errorEntry(
    404,
    'No such session',
    'There is no session with this id, or it is not yours.',
    'List the sessions with `GET /v1/me/sessions`.',
  ),
  'user.has_obligations': errorEntry(
    409,
    'The account still has live bookings or unpaid payouts',
    'An account can be erased when nothing is open any more.',
    'Cancel or finish the bookings, wait for the payouts, and ask again.',
  ),
  'user.not_found': errorEntry(404, 'No such user', 'There is no user with this id.', 'Check the id.'),
  'user.status_unchanged': errorEntry(
    409,
    'The account is in that state already',
    'The account is suspended already, or was not suspended.',
    'Nothing needs to be done.',
  ),
});
