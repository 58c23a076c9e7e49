import { amountOf, type FormObject, metadataOf, textOf } from './form.js';
import {
  type Charge,
  type Dispute,
  newCharge,
  newDispute,
  newIntent,
  newRefund,
  newTransfer,
  type PaymentIntent,
  type Refund,
  type StripeObject,
  type Transfer,
} from './objects.js';

/** An error in the form of Stripe's API. Its message contains data that must not leave payments. */
export class StripeFault extends Error {
  constructor(
    readonly status: number,
    readonly error: { type: string; code?: string; decline_code?: string; param?: string },
  ) {
    super('RAW STRIPE MESSAGE');
  }
}

const invalid = (code: string, param?: string) =>
  new StripeFault(400, { type: 'invalid_request_error', code, ...(param === undefined ? {} : { param }) });

/** Names of Stripe's test payment methods. */
const DECLINES: Readonly<Record<string, string>> = {
  pm_card_chargeDeclined: 'generic_decline',
  pm_card_chargeDeclinedInsufficientFunds: 'insufficient_funds',
  pm_card_chargeDeclinedStolenCard: 'stolen_card',
};
const WORKING =
  /^pm_(?:card_(?:visa|createDispute|createInquiry|authenticationRequired|pendingRefund|refundFail)|usBankAccount_processing)$/;
const CONFIRMABLE = ['requires_payment_method', 'requires_action'];
const CANCELABLE = [...CONFIRMABLE, 'requires_capture'];
const STEPS: Readonly<Record<string, number>> = {
  bhd: 10,
  jod: 10,
  kwd: 10,
  omr: 10,
  tnd: 10,
  isk: 100,
  ugx: 100,
};

/** The objects of one Stripe account and the rules that change them. `emit` sends webhooks. */
export class FakeAccount {
  readonly intents = new Map<string, PaymentIntent>();
  readonly charges = new Map<string, Charge>();
  readonly refunds = new Map<string, Refund>();
  readonly disputes = new Map<string, Dispute>();
  readonly transfers = new Map<string, Transfer>();
  /** Whether the balance of the platform suffices for refunds. */
  hasBalance = true;

  constructor(
    private readonly emit: (type: string, object: StripeObject) => void,
    /** The address of the bank's page. */
    private readonly bankUrl: () => string,
  ) {}

  createIntent(form: FormObject): PaymentIntent {
    const amount = this.amount(form);
    const currency = textOf(form.currency) ?? '';
    if (currency === 'usd' && amount < 50) throw invalid('amount_too_small', 'amount');
    const capture_method = form.capture_method === 'manual' ? 'manual' : 'automatic';
    const intent = newIntent({ amount, currency, capture_method, metadata: metadataOf(form.metadata) });
    this.intents.set(intent.id, intent);
    this.emit('payment_intent.created', intent);
    return intent;
  }

  confirm(id: string, form: FormObject): PaymentIntent {
    const intent = this.intent(id);
    const method = textOf(form.payment_method) ?? '';
    if (!CONFIRMABLE.includes(intent.status)) throw invalid('payment_intent_unexpected_state');
    const decline = DECLINES[method];
    if (decline === undefined && !WORKING.test(method)) throw invalid('resource_missing', 'payment_method');
    Object.assign(intent, { payment_method: method, last_payment_error: null, next_action: null });
    if (decline !== undefined) return this.decline(intent, { code: 'card_declined', decline_code: decline });
    if (method === 'pm_card_authenticationRequired')
      return this.requireAction(intent, textOf(form.return_url));
    if (method === 'pm_usBankAccount_processing') return this.changeTo(intent, 'processing');
    return this.succeed(intent);
  }

  /** The bank has decided: after an authentication, or after the days of a bank debit. */
  decide(id: string, outcome: 'approve' | 'refuse'): void {
    const intent = this.intent(id);
    Object.assign(intent, { next_action: null });
    if (outcome === 'approve') this.succeed(intent);
    else {
      const last_payment_error = {
        type: 'invalid_request_error',
        code: 'payment_intent_authentication_failure',
        message: 'RAW STRIPE MESSAGE',
      };
      Object.assign(intent, { status: 'requires_payment_method', last_payment_error });
      this.emit('payment_intent.payment_failed', intent);
    }
  }

  capture(id: string, form: FormObject): PaymentIntent {
    const intent = this.intent(id);
    if (intent.status !== 'requires_capture') throw invalid('payment_intent_unexpected_state');
    const charge = this.chargeOf(intent);
    const amount = amountOf(form.amount_to_capture) ?? intent.amount;
    if (amount > intent.amount_capturable) throw invalid('amount_too_large', 'amount_to_capture');
    Object.assign(charge, { captured: true, amount_captured: amount });
    return this.paid(intent, charge, amount);
  }

  cancel(id: string): PaymentIntent {
    const intent = this.intent(id);
    if (!CANCELABLE.includes(intent.status)) throw invalid('payment_intent_unexpected_state');
    if (intent.latest_charge !== null) {
      const charge = this.chargeOf(intent);
      Object.assign(charge, { amount_refunded: charge.amount, refunded: true });
    }
    Object.assign(intent, { amount_capturable: 0, next_action: null });
    return this.changeTo(intent, 'canceled');
  }

  createRefund(form: FormObject): Refund {
    const intent = this.intent(textOf(form.payment_intent) ?? '');
    const charge = this.chargeOf(intent);
    const open = charge.amount_captured - charge.amount_refunded;
    if (charge.disputed) throw invalid('charge_disputed');
    if (!this.hasBalance) throw invalid('balance_insufficient');
    if (open === 0) throw invalid('charge_already_refunded');
    const amount = this.amount({ amount: String(open), ...form, currency: charge.currency });
    if (amount > open) throw invalid('amount_too_large', 'amount');
    charge.amount_refunded += amount;
    charge.refunded = charge.amount_refunded === charge.amount_captured;
    const status = /pendingRefund|refundFail/.test(intent.payment_method ?? '') ? 'pending' : 'succeeded';
    const refund = newRefund(charge, { amount, status, metadata: metadataOf(form.metadata) });
    this.refunds.set(refund.id, refund);
    this.emit('charge.refunded', charge);
    this.emit('refund.created', refund);
    return refund;
  }

  /** The outcome of a pending refund, or the failure of a paid one. A failed one returns the money to the platform. */
  decideRefund(id: string, status: 'succeeded' | 'failed'): void {
    const refund = this.get(this.refunds, id);
    if (refund.status === 'failed') throw new Error(`refund ${id} has failed already`);
    refund.status = status;
    const charge = this.get(this.charges, refund.charge);
    if (status === 'failed')
      Object.assign(charge, { amount_refunded: charge.amount_refunded - refund.amount, refunded: false });
    this.emit('refund.updated', refund);
    if (status === 'failed') this.emit('refund.failed', refund);
  }

  decideDispute(id: string, status: string): void {
    const dispute = this.get(this.disputes, id);
    dispute.status = status;
    this.emit('charge.dispute.closed', dispute);
  }

  createTransfer(form: FormObject): Transfer {
    const destination = textOf(form.destination) ?? '';
    if (!destination.startsWith('acct_') || destination === 'acct_closed') {
      throw invalid('resource_missing', 'destination');
    }
    const transfer = newTransfer({
      amount: this.amount(form),
      currency: textOf(form.currency) ?? '',
      destination,
      transfer_group: textOf(form.transfer_group) ?? null,
      metadata: metadataOf(form.metadata),
    });
    this.transfers.set(transfer.id, transfer);
    this.emit('transfer.created', transfer);
    return transfer;
  }

  reverse(id: string, amount: number): void {
    const transfer = this.get(this.transfers, id);
    transfer.amount_reversed += amount;
    transfer.reversed = transfer.amount_reversed === transfer.amount;
    this.emit('transfer.reversed', transfer);
  }

  intent(id: string): PaymentIntent {
    return this.get(this.intents, id);
  }

  get<T extends StripeObject>(objects: ReadonlyMap<string, T>, id: string): T {
    const found = objects.get(id);
    if (!found)
      throw new StripeFault(404, { type: 'invalid_request_error', code: 'resource_missing', param: 'id' });
    return found;
  }

  private succeed(intent: PaymentIntent): PaymentIntent {
    const captured = intent.capture_method === 'automatic';
    const charge = this.addCharge(intent, 'succeeded', captured);
    if (captured) return this.paid(intent, charge, intent.amount);
    intent.amount_capturable = intent.amount;
    intent.status = 'requires_capture';
    this.emit('payment_intent.amount_capturable_updated', intent);
    return intent;
  }

  private paid(intent: PaymentIntent, charge: Charge, amount: number): PaymentIntent {
    Object.assign(intent, { amount_capturable: 0, amount_received: amount });
    const disputeStatus = {
      pm_card_createDispute: 'needs_response',
      pm_card_createInquiry: 'warning_needs_response',
    }[intent.payment_method ?? ''];
    this.changeTo(intent, 'succeeded');
    if (disputeStatus !== undefined) {
      const dispute = newDispute(charge, disputeStatus);
      charge.disputed = disputeStatus === 'needs_response';
      this.disputes.set(dispute.id, dispute);
      this.emit('charge.dispute.created', dispute);
    }
    return intent;
  }

  private decline(intent: PaymentIntent, codes: { code: string; decline_code: string }): never {
    this.addCharge(intent, 'failed', false);
    const error = { type: 'card_error', ...codes };
    intent.status = 'requires_payment_method';
    intent.last_payment_error = { ...error, message: 'RAW STRIPE MESSAGE' };
    this.emit('payment_intent.payment_failed', intent);
    throw new StripeFault(402, error);
  }

  private requireAction(intent: PaymentIntent, returnUrl: string | undefined): PaymentIntent {
    const url = `${this.bankUrl()}/3d_secure_2/${intent.id}`;
    intent.next_action = returnUrl
      ? { type: 'redirect_to_url', redirect_to_url: { url, return_url: returnUrl } }
      : { type: 'use_stripe_sdk', use_stripe_sdk: { type: 'three_d_secure_redirect' } };
    intent.status = 'requires_action';
    this.emit('payment_intent.requires_action', intent);
    return intent;
  }

  private changeTo(intent: PaymentIntent, status: 'processing' | 'succeeded' | 'canceled'): PaymentIntent {
    intent.status = status;
    this.emit(`payment_intent.${status}`, intent);
    return intent;
  }

  private addCharge(intent: PaymentIntent, status: Charge['status'], captured: boolean): Charge {
    const charge = newCharge(intent, status, captured);
    this.charges.set(charge.id, charge);
    intent.latest_charge = charge.id;
    return charge;
  }

  private chargeOf(intent: PaymentIntent): Charge {
    return this.get(this.charges, intent.latest_charge ?? '');
  }

  private amount(form: FormObject): number {
    const amount = amountOf(form.amount);
    if (amount === undefined) throw invalid('parameter_missing', 'amount');
    const step = STEPS[textOf(form.currency) ?? ''] ?? 1;
    if (amount < 1 || amount % step !== 0) throw invalid('parameter_invalid_integer', 'amount');
    return amount;
  }
}
