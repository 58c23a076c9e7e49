/** The states of a payment, and what a provider's word or a booking's fate does to them. Pure: data in, data out. */
export const paymentStatuses = [
  'requires_payment_method',
  'requires_action',
  'processing',
  'authorized',
  'captured',
  'partially_refunded',
  'refunded',
  'voided',
  'failed',
  'disputed',
] as const;
export type PaymentStatus = (typeof paymentStatuses)[number];

/** What the booking wants done with its money. */
export type Wish =
  /** Take the payment as far as it goes without the host. */
  | 'pay'
  /** The host has accepted: take the money. */
  | 'capture'
  /** The hold ran out: void what is unpaid; of money that has landed the booking decides. */
  | 'lapse'
  /** The booking is over: void or give back. */
  | 'release';

export interface PaymentFacts {
  status: PaymentStatus;
  amountMinor: number;
  authorizedMinor: number;
  capturedMinor: number;
  refundedMinor: number;
  refundReservedMinor: number;
  wish: Wish;
  /** How much of the money goes back on release; null: all of it. */
  releaseMinor: number | null;
  /** It exists at the provider. */
  created: boolean;
}

/** What the provider says, as far as it matters here. */
export interface Sighting {
  status: 'open' | 'action' | 'authorized' | 'captured' | 'canceled';
  authorizedMinor: number;
  capturedMinor: number;
  failureCode: string | null;
}

export type Happening =
  | { kind: 'action-required' }
  | { kind: 'authorized' }
  | { kind: 'captured' }
  | { kind: 'voided' }
  | { kind: 'failed'; code: string };

export interface Observation {
  status: PaymentStatus;
  authorizedMinor: number;
  capturedMinor: number;
  failureCode: string | null;
  happened: Happening | null;
}

const unsettled: readonly PaymentStatus[] = [
  'requires_payment_method',
  'requires_action',
  'processing',
  'authorized',
];

/** Money is still to come, to be taken or to be let go. */
export const isUnsettled = (status: PaymentStatus) => unsettled.includes(status);

/** The provider holds or has taken the guest's money. */
export const hasMoney = (facts: Pick<PaymentFacts, 'status'>) =>
  !['requires_payment_method', 'requires_action', 'processing', 'voided', 'failed'].includes(facts.status);

/**
 * What a payment becomes when the provider is seen in some state. Sightings may come twice and in any order: a state
 * never goes back from money taken to money held or open, so an old sighting changes nothing.
 * `deciding`: a confirmation is under way, and only its own answer says that a card was declined.
 */
export function observe(facts: PaymentFacts, seen: Sighting, deciding: boolean): Observation {
  const unchanged: Observation = {
    status: facts.status,
    authorizedMinor: facts.authorizedMinor,
    capturedMinor: facts.capturedMinor,
    failureCode: null,
    happened: null,
  };
  if (!isUnsettled(facts.status)) return unchanged;
  switch (seen.status) {
    case 'captured':
      return {
        status: 'captured',
        authorizedMinor: seen.authorizedMinor,
        capturedMinor: seen.capturedMinor,
        failureCode: null,
        happened: { kind: 'captured' },
      };
    case 'authorized':
      if (facts.status === 'authorized') return unchanged;
      return {
        ...unchanged,
        status: 'authorized',
        authorizedMinor: seen.authorizedMinor,
        happened: { kind: 'authorized' },
      };
    case 'action':
      if (facts.status === 'authorized' || facts.status === 'requires_action') return unchanged;
      return { ...unchanged, status: 'requires_action', happened: { kind: 'action-required' } };
    case 'open':
      if (facts.status === 'authorized' || facts.status === 'requires_payment_method' || deciding) {
        return unchanged;
      }
      return { ...unchanged, status: 'requires_payment_method', failureCode: seen.failureCode };
    case 'canceled':
      // The host has accepted and there is nothing left to take: that is a failure; else it was let go.
      if (facts.wish === 'capture') {
        const code = seen.failureCode ?? 'authorization_canceled';
        return { ...unchanged, status: 'failed', failureCode: code, happened: { kind: 'failed', code } };
      }
      return { ...unchanged, status: 'voided', failureCode: seen.failureCode, happened: { kind: 'voided' } };
  }
}

export type NextStep =
  | { do: 'create' }
  | { do: 'capture' }
  | { do: 'void' }
  | { do: 'refund'; amountMinor: number }
  /** It never reached the provider: nothing to void there. */
  | { do: 'drop' };

/** What has to be done next so that the payment becomes what the booking wants; null: nothing. */
export function nextStep(facts: PaymentFacts): NextStep | null {
  const letGo = facts.wish === 'release' || facts.wish === 'lapse';
  if (isUnsettled(facts.status) && !facts.created) return letGo ? { do: 'drop' } : { do: 'create' };
  switch (facts.wish) {
    case 'pay':
      return null;
    case 'capture':
      return facts.status === 'authorized' ? { do: 'capture' } : null;
    case 'lapse':
      return isUnsettled(facts.status) && facts.status !== 'authorized' ? { do: 'void' } : null;
    case 'release': {
      if (isUnsettled(facts.status)) return { do: 'void' };
      if (facts.status !== 'captured' && facts.status !== 'partially_refunded') return null;
      const left = facts.capturedMinor - facts.refundReservedMinor;
      const amountMinor = Math.min(facts.releaseMinor ?? left, left);
      return amountMinor > 0 ? { do: 'refund', amountMinor } : null;
    }
  }
}

/** What a payment is called when so much of it has gone back. */
export function refundedStatus(capturedMinor: number, refundedMinor: number): PaymentStatus {
  if (refundedMinor === 0) return 'captured';
  return refundedMinor < capturedMinor ? 'partially_refunded' : 'refunded';
}

export type BookingFate =
  | { kind: 'requested' }
  | { kind: 'accepted' }
  | { kind: 'confirmed' }
  | { kind: 'declined' }
  | { kind: 'expired'; cause: 'hold' | 'host' | 'check-in' | 'capture' }
  | { kind: 'cancelled'; refundMinor: number };

/** What a booking's event makes its payment want. */
export function wishAfter(
  facts: Pick<PaymentFacts, 'wish' | 'releaseMinor'> & { confirmed: boolean },
  fate: BookingFate,
): { wish: Wish; releaseMinor: number | null } {
  // The end of a booking is settled once; what came after it was never sent by bookings.
  if (facts.wish === 'release') return { wish: 'release', releaseMinor: facts.releaseMinor };
  const all = { wish: 'release', releaseMinor: null } as const;
  switch (fate.kind) {
    case 'requested':
      return { wish: 'pay', releaseMinor: null };
    case 'confirmed':
      return { wish: facts.wish === 'capture' ? 'capture' : 'pay', releaseMinor: null };
    case 'accepted':
      return { wish: 'capture', releaseMinor: null };
    case 'declined':
      return all;
    case 'expired':
      // The first time the hold runs out nobody has seen the money yet; the second time the booking has, and says no.
      return fate.cause === 'hold' && facts.wish !== 'lapse' ? { wish: 'lapse', releaseMinor: null } : all;
    case 'cancelled':
      return facts.confirmed ? { wish: 'release', releaseMinor: fate.refundMinor } : all;
  }
}
