import { defineErrors, errorEntry } from './define.js';

/** The error codes of identity: users, credentials and sessions; sorted. */
export const identityErrors = defineErrors({
  'auth.invalid_credentials': errorEntry(
    401,
    'Wrong email address, password or code',
    'No account matches these credentials. The response is the same whether or not an account with this email address exists.',
    'Check the email address and the password, or reset the password with `POST /v1/auth/forgot-password`.',
  ),
  'auth.link_invalid': errorEntry(
    400,
    'This link has expired or was already used',
    'The token of the verification, reset or email-change link does not exist, has expired, or was already used.',
    'Request a new mail and use its link once.',
  ),
  'auth.locked': errorEntry(
    429,
    'Too many failed attempts',
    'The account is temporarily locked after several failed attempts.',
    'Wait for the time in `Retry-After`, or reset the password.',
  ),
  'auth.mfa_already_enabled': errorEntry(
    409,
    'Two-factor authentication is already enabled',
    'The account has a confirmed authenticator.',
    'Remove the current authenticator with `DELETE /v1/me/mfa/totp` first.',
  ),
  'auth.mfa_invalid': errorEntry(
    401,
    'The code is wrong or the sign-in has expired',
    'The one-time code does not match or was already used, or the `mfaToken` has expired.',
    'Enter the current code of the authenticator, or log in again.',
  ),
  'auth.mfa_not_enabled': errorEntry(
    409,
    'Two-factor authentication is not enabled',
    'The account has no authenticator to confirm or to remove.',
    'Start the setup with `POST /v1/me/mfa/totp`.',
  ),
  'auth.password_too_common': errorEntry(
    422,
    'This password is too common',
    'The password is on a list of common passwords.',
    'Choose another password, for example three or four unrelated words.',
  ),
  'auth.refresh_invalid': errorEntry(
    401,
    'The refresh token is not valid',
    'The token does not exist or has expired, or its session has ended: by a logout, a password change or a revocation.',
    'Log in again.',
  ),
  'auth.refresh_reused': errorEntry(
    401,
    'The refresh token was already used',
    'A refresh token can be used once. A second use may indicate theft, so the session was revoked.',
    'Log in again. Store only the newest refresh token.',
  ),
  'auth.wrong_code': errorEntry(
    403,
    'The code is wrong',
    'The request is signed in, but the one-time code that it contains does not match or was already used, or the account has no authenticator.',
    'Enter the current code of the authenticator. The access token is still valid: do not log in again.',
  ),
  'auth.wrong_password': errorEntry(
    403,
    'The password is wrong',
    'The request is signed in, but the current password that it contains is not the password of the account.',
    'Enter the current password. The access token is still valid: do not log in again.',
  ),
  'export.not_found': errorEntry(
    404,
    'No such export',
    'No export with this id exists, it is not yours, or its file does not exist: the export has failed or expired.',
    'Read the export with `GET /v1/me/exports/{id}`, or request another one with `POST /v1/me/exports`.',
  ),
  'export.not_ready': errorEntry(
    409,
    'The export is not ready yet',
    'Some services have not written their part yet.',
    'Poll `GET /v1/me/exports/{id}` until its `status` is `ready`.',
  ),
  'rate.too_many_exports': errorEntry(
    429,
    'Too many exports',
    'An export of the account is pending, or three were requested within 24 hours.',
    'Use the export that exists, or wait for the time in `Retry-After`.',
  ),
  'rate.too_many_reports': errorEntry(
    429,
    'Too many reports',
    'You have made as many reports in the last 24 hours as allowed. `detail` contains the limit.',
    'Wait for the time in `Retry-After`.',
  ),
  'report.already_decided': errorEntry(
    409,
    'The report is already decided',
    'The report was upheld or dismissed before, or it was upheld because its review was hidden.',
    'No action is required. `GET /v1/admin/reports` shows the decision.',
  ),
  'report.already_open': errorEntry(
    409,
    'You have already reported this',
    'Your earlier report of the same subject is still open. `reportId` is its id.',
    'No action is required: the moderators will decide on it.',
  ),
  'report.not_found': errorEntry(
    404,
    'No such report',
    'No report with this id exists.',
    'List the reports with `GET /v1/admin/reports`.',
  ),
  'report.subject_is_own': errorEntry(
    409,
    'You cannot report yourself',
    'The subject is your own account, listing, message or review.',
    'Check `subjectType` and `subjectId`.',
  ),
  'session.not_found': errorEntry(
    404,
    'No such session',
    'No session with this id exists, or it is not yours.',
    'List your sessions with `GET /v1/me/sessions`.',
  ),
  'user.has_obligations': errorEntry(
    409,
    'The account has active bookings or unpaid payouts',
    'An account can be erased once all its bookings have ended and all its payouts are paid, and not while it is the only administrator. `obligations` lists up to 100 of them: `kind` is `booking`, `payout`, `stay-without-payout` or `last-administrator`, and `id` is that of the booking, the payout, or the user.',
    'Cancel the bookings or wait until they end, wait for the payouts, and request the erasure again. The only administrator creates another one first.',
  ),
  'user.not_found': errorEntry(404, 'No such user', 'No user with this id exists.', 'Check the id.'),
  'user.status_unchanged': errorEntry(
    409,
    'The account already has this status',
    'The account is already suspended, or it is not suspended.',
    'No action is required.',
  ),
});
