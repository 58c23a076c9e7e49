import type { TestClient } from '@roost/testing';
import { filled, graphqlOperations, type Route } from './every-route.js';

/** The routes and fields that require a step-up within five minutes, and no others. */
export const STEP_UP: readonly string[] = [
  'DELETE /v1/me',
  'DELETE /v1/me/identities/{id}',
  'DELETE /v1/me/mfa/totp',
  'DELETE /v1/me/passkeys/{id}',
  'GET /v1/me/exports/{id}/file',
  'POST /v1/me/email',
  'POST /v1/me/exports',
  'POST /v1/me/identities',
  'POST /v1/me/identities/authorization',
  'POST /v1/me/mfa/totp',
  'POST /v1/me/mfa/totp/confirm',
  'POST /v1/me/passkeys',
  'POST /v1/me/passkeys/options',
  'PUT /v1/me/payout-account',
  'mutation eraseMe',
  'mutation removePasskey',
  'mutation requestDataExport',
  'mutation requestEmailChange',
  'mutation setPayoutAccount',
  'mutation unlinkIdentity',
];

/** The routes and fields that refuse a caller with all roles because their last log-in is too long ago. */
export async function refusedWithoutStepUp(stale: TestClient, routes: readonly Route[]): Promise<string[]> {
  const refused: string[] = [];
  for (const { method, path } of routes) {
    const { body } = await stale.send(method, filled(path), method === 'GET' ? undefined : {});
    if (body.code === 'auth.step_up_required') refused.push(`${method} ${path}`);
  }
  for (const { name, text } of graphqlOperations()) {
    const { errors } = await stale.graphql(text);
    if (errors.some(({ extensions }) => extensions.code === 'auth.step_up_required')) refused.push(name);
  }
  return refused.sort();
}
