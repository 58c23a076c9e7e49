/** The maximum of a single amount in the API, in minor units. */
export const MAX_MINOR = 1_000_000_000_000;

const BPS = 10_000n;

function toSafeInteger(amount: bigint): number {
  const result = Number(amount);
  if (!Number.isSafeInteger(result))
    throw new RangeError('The amount is too large to be represented exactly');
  return result;
}

function toBigInt(amount: number, name: string): bigint {
  if (!Number.isSafeInteger(amount)) throw new RangeError(`${name} must be a whole number`);
  return BigInt(amount);
}

/** Rounds `numerator / denominator` to the nearest integer, ties to the even one. Throws a RangeError for denominator 0. */
export function roundHalfEven(numerator: bigint, denominator: bigint): bigint {
  if (denominator === 0n) throw new RangeError('Division by zero');
  if (denominator < 0n) return roundHalfEven(-numerator, -denominator);
  let floor = numerator / denominator;
  let remainder = numerator % denominator;
  if (remainder < 0n) {
    floor -= 1n;
    remainder += denominator;
  }
  const twice = remainder * 2n;
  if (twice < denominator) return floor;
  if (twice > denominator) return floor + 1n;
  return floor % 2n === 0n ? floor : floor + 1n;
}

/** `bps` hundredths of a percent of an amount, rounded half-even once. All amounts in minor units. */
export function percentOf(amountMinor: number, bps: number): number {
  return toSafeInteger(roundHalfEven(toBigInt(amountMinor, 'An amount') * toBigInt(bps, 'A rate'), BPS));
}

/** Throws a RangeError unless all amounts and the sum are safe integers. */
export function sum(amounts: Iterable<number>): number {
  let total = 0;
  for (const amount of amounts) {
    if (!Number.isSafeInteger(amount)) throw new RangeError('An amount must be a whole number');
    total += amount;
    if (!Number.isSafeInteger(total))
      throw new RangeError('The amount is too large to be represented exactly');
  }
  return total;
}

/**
 * Divides an amount in proportion to `weights`; the shares sum to it exactly. Each share is the exact share rounded towards
 * zero; the remaining units go, one each, to the largest remainders (ties in order). If all weights are zero the shares are
 * equal. All amounts in minor units. Throws a RangeError for a negative weight, or no weights and an amount other than 0.
 */
export function allocate(totalMinor: number, weights: readonly number[]): number[] {
  const total = toBigInt(totalMinor, 'An amount');
  let parts = weights.map((weight) => toBigInt(weight, 'A weight'));
  if (parts.some((part) => part < 0n)) throw new RangeError('A weight must not be negative');
  if (parts.length === 0) {
    if (total === 0n) return [];
    throw new RangeError('An amount can not be divided without weights');
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
  const remainingUnits = Number(
    magnitude - shares.reduce((allocated, share) => allocated + share.amount, 0n),
  );
  const byRemainder = shares.toSorted((a, b) =>
    a.remainder === b.remainder ? a.order - b.order : a.remainder > b.remainder ? -1 : 1,
  );
  for (const share of byRemainder.slice(0, remainingUnits)) share.amount += 1n;
  return shares.map((share) => (share.amount === 0n ? 0 : Number(share.amount * sign)));
}
