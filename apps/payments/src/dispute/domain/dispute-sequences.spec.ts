import fc from 'fast-check';
import { takeInProportion } from '../../ledger/domain/posting.js';
import { nextStep, type PaymentFacts, statusAfterRefund } from '../../payment/domain/payment-state.js';
import { coverExcess } from '../../payment/domain/lost-excess.js';
import { offsetLosses, unusedLoss } from '../../payment/domain/refund-due.js';
import { coveredMinor, sharesOf } from './dispute-state.js';

/** A payment as the services keep it, driven by the pure rules only. */
class PaymentModel {
  facts: PaymentFacts = {
    status: 'captured',
    amountMinor: 1_000,
    authorizedMinor: 1_000,
    capturedMinor: 1_000,
    refundedMinor: 0,
    refundReservedMinor: 0,
    disputeLostMinor: 0,
    disputeOffsetMinor: 0,
    goal: 'pay',
    releaseMinor: null,
    existsAtProvider: true,
  };
  remaining = { hostMinor: 700, platformMinor: 200, taxMinor: 100 };
  open: { amountMinor: number } | null = null;
  deferredMinor = 0;
  pendingMinor = 0;
  /** Paid to the guest by refunds and by the bank. */
  returnedMinor = 0;
  excessMinor = 0;

  get refundableMinor(): number {
    const { capturedMinor, refundReservedMinor, disputeLostMinor } = this.facts;
    return capturedMinor - refundReservedMinor - disputeLostMinor;
  }

  request(amountMinor: number): void {
    if (this.facts.status === 'disputed') this.deferredMinor += amountMinor;
    else this.reserve(amountMinor);
  }

  settlePending(succeeds: boolean): void {
    const amount = this.pendingMinor;
    this.pendingMinor = 0;
    if (succeeds) {
      this.facts.refundedMinor += amount;
      this.returnedMinor += amount;
      this.updateStatus();
    } else {
      this.facts.refundReservedMinor -= amount;
      this.remaining.platformMinor += amount;
      const freed = { hostMinor: 0, platformMinor: amount, taxMinor: 0 };
      for (const { shares } of coverExcess([{ disputeId: 'lost', excessMinor: this.excessMinor }], freed)) {
        const covered = coveredMinor(shares);
        this.excessMinor -= covered;
        this.facts.disputeLostMinor += covered;
        this.facts.disputeOffsetMinor += covered;
        this.remaining.platformMinor -= covered;
      }
      this.updateStatus();
    }
  }

  openDispute(amountMinor: number): void {
    if (this.open) return;
    this.open = { amountMinor };
    this.facts.status = 'disputed';
  }

  closeDispute(outcome: 'won' | 'lost'): void {
    if (!this.open) return;
    if (outcome === 'lost') {
      const shares = sharesOf(this.remaining, this.refundableMinor, this.open.amountMinor);
      this.facts.disputeLostMinor += coveredMinor(shares);
      this.returnedMinor += this.open.amountMinor;
      this.excessMinor += shares.excessMinor;
      for (const party of ['hostMinor', 'platformMinor', 'taxMinor'] as const) {
        this.remaining[party] -= shares[party];
      }
    }
    this.open = null;
    this.updateStatus();
    this.resume();
    this.step();
  }

  /** The provider rejects the refund because of a dispute: it is repeated when none is open. */
  refusePending(): void {
    const amount = this.pendingMinor;
    const usedBefore = this.facts.disputeOffsetMinor;
    this.settlePending(false);
    this.deferredMinor += amount - (this.facts.disputeOffsetMinor - usedBefore);
    if (!this.open) this.resume();
  }

  private resume(): void {
    const { dueMinor, offsets } = offsetLosses([this.facts], this.deferredMinor);
    this.facts.disputeOffsetMinor += offsets[0] ?? 0;
    this.deferredMinor = 0;
    this.reserve(dueMinor);
  }

  cancel(refundMinor: number): void {
    if (this.facts.goal === 'release') return;
    const { dueMinor, offsets } = offsetLosses([this.facts], refundMinor);
    this.facts.disputeOffsetMinor += offsets[0] ?? 0;
    Object.assign(this.facts, { goal: 'release', releaseMinor: dueMinor });
    this.step();
  }

  private released = false;

  private step(): void {
    const step = nextStep(this.facts);
    if (step?.kind !== 'refund' || this.released) return;
    this.facts.disputeOffsetMinor += step.offsetMinor;
    if (this.facts.releaseMinor !== null) this.facts.releaseMinor -= step.offsetMinor;
    if (step.amountMinor === 0) return;
    this.released = true;
    this.reserve(step.amountMinor);
  }

  private reserve(amountMinor: number): void {
    const amount = Math.min(amountMinor, this.refundableMinor);
    if (amount <= 0 || this.facts.status === 'disputed' || this.facts.status === 'refunded') return;
    this.facts.refundReservedMinor += amount;
    this.pendingMinor += amount;
    const shares = takeInProportion(this.remaining, amount);
    for (const party of ['hostMinor', 'platformMinor', 'taxMinor'] as const)
      this.remaining[party] -= shares[party];
  }

  private updateStatus(): void {
    if (this.open) return;
    const { capturedMinor, refundedMinor, disputeLostMinor } = this.facts;
    this.facts.status = statusAfterRefund(capturedMinor, refundedMinor + disputeLostMinor);
  }
}

const amount = fc.integer({ min: 1, max: 1_200 });
const action = fc.oneof(
  amount.map((minor) => (model: PaymentModel) => model.request(minor)),
  amount.map((minor) => (model: PaymentModel) => model.openDispute(minor)),
  amount.map((minor) => (model: PaymentModel) => model.cancel(Math.min(minor, 1_000))),
  fc
    .constantFrom('won' as const, 'lost' as const)
    .map((outcome) => (model: PaymentModel) => model.closeDispute(outcome)),
  fc.constant((model: PaymentModel) => model.refusePending()),
  fc.boolean().map((succeeds) => (model: PaymentModel) => model.settlePending(succeeds)),
);

test('refunds and disputes together never return more than was captured, apart from the excess of a bank', () => {
  fc.assert(
    fc.property(fc.array(action, { maxLength: 30 }), (actions) => {
      const model = new PaymentModel();
      for (const apply of actions) {
        const wasDisputed = model.facts.status === 'disputed';
        const reservedBefore = model.facts.refundReservedMinor;
        apply(model);
        const { facts } = model;
        if (wasDisputed && model.open) expect(facts.refundReservedMinor).toBeLessThanOrEqual(reservedBefore);
        expect(model.refundableMinor).toBeGreaterThanOrEqual(0);
        expect(unusedLoss(facts)).toBeGreaterThanOrEqual(0);
        expect(model.returnedMinor - model.excessMinor).toBeLessThanOrEqual(facts.capturedMinor);
        expect(coveredMinor(model.remaining)).toBe(model.refundableMinor);
        // What the bank has returned cannot be refunded as well.
        if (model.excessMinor > 0) expect(model.refundableMinor).toBe(0);
        expect(facts.status === 'disputed').toBe(model.open !== null);
      }
    }),
    { numRuns: 2_000 },
  );
});

test('a cancelled booking whose only refund is due returns the due amount or what the bank returned, if that is more', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 1_000 }),
      amount,
      fc.boolean(),
      fc.boolean(),
      fc.boolean(),
      (due, disputed, won, before, refused) => {
        const model = new PaymentModel();
        const amountMinor = Math.min(disputed, 1_000);
        if (before) model.cancel(due);
        // A refund that was paid before the dispute is not returned: the bank withdraws what remains at most.
        model.settlePending(true);
        const rest = Math.min(amountMinor, model.refundableMinor);
        if (rest > 0) {
          model.openDispute(rest);
          if (!before) model.cancel(due);
          model.closeDispute(won ? 'won' : 'lost');
          if (refused) model.refusePending();
          model.settlePending(true);
        }
        const lost = won ? 0 : rest;
        if (before) expect(model.returnedMinor).toBe(due + lost);
        else if (rest > 0) expect(model.returnedMinor).toBe(Math.max(due, lost));
      },
    ),
  );
});
