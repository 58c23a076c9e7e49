import { BigIntType } from '@mikro-orm/core';
import { Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import type { DisputeStatus } from './domain/dispute-state.js';

const minor = () => ({ type: new BigIntType('number') });

@Entity({ tableName: 'dispute' })
export class Dispute {
  @PrimaryKey({ type: 'uuid' })
  id!: string;

  @Property({ type: 'uuid' })
  paymentId!: string;

  @Property({ type: 'text' })
  providerRef!: string;

  @Property({ type: 'text' })
  status!: DisputeStatus;

  @Property({ type: 'text', nullable: true })
  reason: string | null = null;

  /** The amount that the provider withdrew. */
  @Property(minor())
  amountMinor!: number;

  @Property(minor())
  hostMinor!: number;

  @Property(minor())
  platformMinor!: number;

  @Property(minor())
  taxMinor!: number;

  /** The part that exceeds the payment's remaining amount: a loss of the platform. */
  @Property(minor())
  excessMinor!: number;

  @Property({ type: 'datetime', nullable: true })
  evidenceDueAt: Date | null = null;

  @Property({ type: 'datetime' })
  openedAt!: Date;

  @Property({ type: 'datetime', nullable: true })
  closedAt: Date | null = null;

  /** System time of the next state request to the provider while the dispute is open. */
  @Property({ type: 'datetime' })
  checkAt!: Date;

  @Property({ type: 'integer', version: true })
  version: number = 1;

  @Property({ type: 'datetime' })
  updatedAt!: Date;
}
