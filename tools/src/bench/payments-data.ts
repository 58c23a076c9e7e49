import { createHash } from 'node:crypto';

/** The shares of one capture: four movements. */
export const SPLIT = { hostMinor: 21_340, platformMinor: 3_740, taxMinor: 2_200 };
export const TOTAL_MINOR = SPLIT.hostMinor + SPLIT.platformMinor + SPLIT.taxMinor;
export const CURRENCY = 'USD';
export const WEBHOOK_SECRET = 'webhook-secret-of-this-benchmark-run';

const GUESTS = 500;
const HOSTS = 100;

export interface Parties {
  guestId: string;
  hostId: string;
}

/** The guest and the host of a numbered capture: most have paid before, as on a marketplace. */
export const partiesOf = (number: number): Parties => ({
  guestId: idOf(`guest ${number % GUESTS}`),
  hostId: idOf(`host ${number % HOSTS}`),
});

export const allParties = (): Parties[] => Array.from({ length: GUESTS }, (_, number) => partiesOf(number));

/** The same text has the same UUID in all processes. */
export function idOf(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-7${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
