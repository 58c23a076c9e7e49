/**
 * Routes that take or return what logs in. They ignore `Idempotency-Key`: neither a response with a secret nor a hash of a
 * password is stored, and repeating them is safe.
 */
export const WITHOUT_IDEMPOTENCY_KEY =
  /^\/v1\/(?:auth|me\/password|me\/mfa|me\/passkeys|me\/identities)(?:\/|$)/;
