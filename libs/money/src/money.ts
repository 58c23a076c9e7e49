/** Upper limit of any single amount that the API takes, in minor units. */
export const MAX_MINOR = 1_000_000_000_000;

const BPS = 10_000n;

function safe(amount: bigint): number {
  const result = Number(amount);
  if (!Number.isSafeInteger(result)) throw new RangeError('The amount is beyond what can be held exactly');
  return result;
}

function whole(amount: number, what: string): bigint {
  if (!Number.isSafeInteger(amount)) throw new RangeError(`${what} must be a whole number`);
  return BigInt(amount);
}

/** The nearest whole number to `numerator / denominator`; a tie goes to the even neighbour. */
export function roundHalfEven(numerator: bigint, denominator: bigint): bigint {
  if (denominator === 0n) throw new RangeError('Division by zero');
  if (denominator < 0n) return roundHalfEven(-numerator, -denominator);
  let floor = numerator / denominator;
  let rest = numerator % denominator;
  if (rest < 0n) {
    floor -= 1n;
    rest += denominator;
  }
  const twice = rest * 2n;
  if (twice < denominator) return floor;
  if (twice > denominator) return floor + 1n;
  return floor % 2n === 0n ? floor : floor + 1n;
}

/** `bps` hundredths of a percent of an amount, rounded half-even once. Minor units in and out. */
export function percentOf(amountMinor: number, bps: number): number {
  return safe(roundHalfEven(whole(amountMinor, 'An amount') * whole(bps, 'A rate'), BPS));
}

export function sum(amounts: Iterable<number>): number {
  let total = 0;
  for (const amount of amounts) {
    if (!Number.isSafeInteger(amount)) throw new RangeError('An amount must be a whole number');
    total += amount;
    if (!Number.isSafeInteger(total)) throw new RangeError('The amount is beyond what can be held exactly');
  }
  return total;
}

/**
 * Divides an amount in proportion to `weights` so that the shares sum to it exactly: each share is the
 * exact one rounded towards zero, and what is left goes, a unit each, to the largest remainders (ties in
 * order). Where all weights are zero the shares are equal. Minor units in and out.
 */
export function allocate(totalMinor: number, weights: readonly number[]): number[] {
  const total = whole(totalMinor, 'An amount');
  let parts = weights.map((weight) => whole(weight, 'A weight'));
  if (parts.some((part) => part < 0n)) throw new RangeError('A weight must not be negative');
  if (parts.length === 0) {
    if (total === 0n) return [];
    throw new RangeError('Nothing to divide the amount over');
  }
  if (parts.every((part) => part === 0n)) parts = parts.map(() => 1n);

  const sign = total < 0n ? -1n : 1n;
  const magnitude = total * sign;
  const weightTotal = parts.reduce((a, b) => a + b, 0n);
  const shares = parts.map((part, order) => ({
    order,
    amount: (magnitude * part) / weightTotal,
    remainder: (magnitude * part) % weightTotal,
  }));
  const left = Number(magnitude - shares.reduce((given, share) => given + share.amount, 0n));
  const byRemainder = shares.toSorted((a, b) =>
    a.remainder === b.remainder ? a.order - b.order : a.remainder > b.remainder ? -1 : 1,
  );
  for (const share of byRemainder.slice(0, left)) share.amount += 1n;
  return shares.map((share) => (share.amount === 0n ? 0 : Number(share.amount * sign)));
}
