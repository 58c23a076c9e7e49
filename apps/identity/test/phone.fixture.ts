import type { TestResponse } from '@roost/testing';
import type { TestAccount, TestIdentity } from './identity.fixture.js';

const AREAS = ['202', '212', '213', '312'];
let numbers = 0;

/** Returns a mobile number that no other test in this file uses. It is one of those for fiction: no person has it. */
export function uniquePhone(): string {
  const number = String(numbers % 100).padStart(2, '0');
  const area = AREAS[Math.floor(numbers / 100)];
  numbers += 1;
  if (area === undefined) throw new Error('There are no more numbers for fiction');
  return `+1${area}55501${number}`;
}

/** Requests from a network of its own, so that tests do not count for each other. */
const fromNetwork = (network: string) => ({ 'x-forwarded-for': `${network}.7` });
let networks = 0;
export const uniqueNetwork = (): string => `100.64.${(networks += 1)}`;

export const requestCode = (
  identity: TestIdentity,
  { accessToken }: TestAccount,
  phone: unknown,
  network = uniqueNetwork(),
): Promise<TestResponse> => identity.with(accessToken).post('/v1/me/phone', { phone }, fromNetwork(network));

export const enterCode = (
  identity: TestIdentity,
  { accessToken }: TestAccount,
  code: unknown,
): Promise<TestResponse> => identity.with(accessToken).post('/v1/me/phone/verify', { code });

/** The code in the inbox of a number; null without one. */
export async function codeFor(identity: TestIdentity, phone: string): Promise<string | null> {
  const inbox = await identity.anonymous.get(`/dev/inbox?to=${encodeURIComponent(phone)}`);
  const [message] = inbox.body.data as { token: string | null }[];
  return message?.token ?? null;
}

export async function verifyPhone(identity: TestIdentity, user: TestAccount, phone: string): Promise<void> {
  expect((await requestCode(identity, user, phone)).status).toBe(202);
  expect((await enterCode(identity, user, await codeFor(identity, phone))).status).toBe(200);
}
