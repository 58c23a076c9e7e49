/** Sign-in routes, which ignore `Idempotency-Key`: their responses contain secrets, and repeating them is safe. */
export const WITHOUT_IDEMPOTENCY_KEY = /^\/v1\/(?:auth|me\/mfa|me\/passkeys|me\/identities)(?:\/|$)/;
