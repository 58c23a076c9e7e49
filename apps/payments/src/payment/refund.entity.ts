import { BigIntType } from '@mikro-orm/core';
import { Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';

const minor = () => ({ type: new BigIntType('number') });

@Entity({ tableName: 'refund' })
export class Refund {
  @PrimaryKey({ type: 'uuid' })
  id!: string;

  @Property({ type: 'uuid' })
  paymentId!: string;

  /** Unique per payment: the same cause refunds only once. */
  @Property({ type: 'text' })
  cause!: string;

  /** The public reason, which events carry. */
  @Property({ type: 'text' })
  reason!: string;

  /** The operator's own words. No event carries them. */
  @Property({ type: 'text', nullable: true })
  note: string | null = null;

  @Property({ type: 'uuid', nullable: true })
  requestedBy: string | null = null;

  @Property(minor())
  amountMinor!: number;

  /** The part of a failed refund that the guest's bank has returned: it is not refunded again. */
  @Property(minor())
  offsetMinor: number = 0;

  @Property(minor())
  hostMinor!: number;

  @Property(minor())
  platformMinor!: number;

  @Property(minor())
  taxMinor!: number;

  @Property({ type: 'text' })
  status!: 'pending' | 'succeeded' | 'failed';

  @Property({ type: 'text', nullable: true })
  providerRef: string | null = null;

  /** The platform has paid it from its own bank account, not through the provider. */
  @Property({ type: 'boolean' })
  paidOutOfBand: boolean = false;

  @Property({ type: 'text', nullable: true })
  failureCode: string | null = null;

  @Property({ type: 'datetime' })
  createdAt!: Date;

  @Property({ type: 'datetime', nullable: true })
  finishedAt: Date | null = null;

  /** Of a failed refund: when it was paid, if the guest's bank has returned it. */
  @Property({ type: 'datetime', nullable: true })
  paidAt: Date | null = null;
}
