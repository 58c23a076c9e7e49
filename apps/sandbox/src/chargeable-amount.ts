import { Rejection } from './rejection.js';

/** Card networks charge and refund multiples of ten minor units in these currencies of three decimals. */
const STEPS: Partial<Record<string, number>> = { BHD: 10, JOD: 10, KWD: 10, OMR: 10, TND: 10 };

/** Rejects an amount that no card can be charged or refunded. */
export function requireChargeable(amountMinor: number, currency: string): void {
  const step = STEPS[currency] ?? 1;
  if (amountMinor % step === 0) return;
  throw new Rejection(400, 'amount_not_chargeable', `Amounts in ${currency} must be multiples of ${step}`);
}
