import { BigIntType } from '@mikro-orm/core';
import { Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import type { PaymentGoal, PaymentStatus } from './domain/payment-state.js';
import type { Split } from '../ledger/domain/posting.js';

const minor = () => ({ type: new BigIntType('number') });

@Entity({ tableName: 'payment' })
export class Payment {
  @PrimaryKey({ type: 'uuid' })
  id!: string;

  @Property({ type: 'uuid' })
  bookingId!: string;

  @Property({ type: 'uuid', nullable: true })
  changeId: string | null = null;

  @Property({ type: 'text' })
  purpose!: 'booking' | 'change';

  @Property({ type: 'uuid' })
  guestId!: string;

  @Property({ type: 'uuid' })
  hostId!: string;

  @Property({ type: 'text' })
  provider!: 'sandbox' | 'stripe' | 'paystack';

  @Property({ type: 'text', nullable: true })
  providerRef: string | null = null;

  @Property({ type: 'text' })
  capture!: 'manual' | 'automatic';

  @Property({ type: 'text' })
  status!: PaymentStatus;

  @Property({ type: 'text' })
  goal: PaymentGoal = 'pay';

  /** The booking has been confirmed. */
  @Property({ type: 'boolean' })
  confirmed: boolean = false;

  @Property({ type: 'text' })
  currency!: string;

  @Property(minor())
  amountMinor!: number;

  @Property(minor())
  hostMinor!: number;

  @Property(minor())
  platformMinor!: number;

  @Property(minor())
  taxMinor!: number;

  @Property(minor())
  authorizedMinor: number = 0;

  @Property(minor())
  capturedMinor: number = 0;

  @Property(minor())
  refundReservedMinor: number = 0;

  @Property(minor())
  refundedMinor: number = 0;

  /** The part of the refunded amount that the provider has not paid: it is still there. */
  @Property(minor())
  refundedOutOfBandMinor: number = 0;

  /** The parts of open disputes that this payment covers. */
  @Property(minor())
  disputedMinor: number = 0;

  /** The parts of lost disputes that this payment covered: the guest's bank has returned them. */
  @Property(minor())
  disputeLostMinor: number = 0;

  /** The part of the lost amount that refunds due to the guest were reduced by. */
  @Property(minor())
  disputeOffsetMinor: number = 0;

  @Property({ ...minor(), nullable: true })
  releaseMinor: number | null = null;

  /** The amount that each party retains after a partial release. */
  @Property({ type: 'json', nullable: true })
  releaseRetained: Split | null = null;

  /** A secret of the guest: encrypted. */
  @Property({ type: 'text', nullable: true })
  clientSecret: string | null = null;

  /** A secret of the guest: encrypted. */
  @Property({ type: 'text', nullable: true })
  redirectUrl: string | null = null;

  @Property({ type: 'text', nullable: true })
  failureCode: string | null = null;

  /** The number of confirmations. It is part of the idempotency key of each confirmation. */
  @Property({ type: 'integer' })
  attempts: number = 0;

  @Property({ type: 'datetime', nullable: true })
  captureBefore: Date | null = null;

  @Property({ type: 'datetime', nullable: true })
  capturedAt: Date | null = null;

  @Property({ type: 'datetime', nullable: true })
  expiresAt: Date | null = null;

  /** System time of the next state request to the provider. Each state received before postpones it. */
  @Property({ type: 'datetime' })
  checkAt!: Date;

  @Property({ type: 'integer', version: true })
  version: number = 1;

  @Property({ type: 'datetime' })
  createdAt!: Date;

  @Property({ type: 'datetime' })
  updatedAt!: Date;
}
