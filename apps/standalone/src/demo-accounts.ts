import { timeoutSignal } from '@roost/platform';
const PASSWORD = 'roost-demo-password';
const NAMES = ['admin', 'host1', 'host2', 'host3', 'guest1', 'guest2', 'guest3'];
const email = (name: string) => `${name}@demo.roost.example`;

/** The demo accounts, or null if a login with one of them fails. */
export async function demoAccounts(identity: URL): Promise<{ emails: string[]; password: string } | null> {
  const json = { 'content-type': 'application/json' };
  const response = await fetch(new URL('/v1/auth/login', identity), {
    method: 'POST',
    headers: json,
    body: JSON.stringify({ email: email('guest1'), password: PASSWORD }),
    signal: timeoutSignal(5_000),
  }).catch(() => null);
  if (response?.status !== 200) return null;
  const { accessToken, refreshToken } = (await response.json()) as Record<string, string>;
  // The login must not leave a session behind.
  await fetch(new URL('/v1/auth/logout', identity), {
    method: 'POST',
    headers: { ...json, authorization: `Bearer ${accessToken}` },
    body: JSON.stringify({ refreshToken }),
    signal: timeoutSignal(5_000),
  }).catch(() => null);
  return { emails: NAMES.map(email), password: PASSWORD };
}
