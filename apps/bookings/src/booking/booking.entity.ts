import { BigIntType } from '@mikro-orm/core';
import { Embedded, Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { StayTerms } from '../stay-terms.entity.js';
import type { BookingState, ExpiryCause } from './domain/booking-state.js';
import type { RefundTier } from './domain/cancellation.js';

export interface Cancellation {
  by: 'guest' | 'host' | 'admin';
  reason: string;
  at: string;
  refundMinor: number;
  refundLines: { kind: string; label?: string; refundMinor: number }[];
  hostPenaltyMinor: number;
}

@Entity({ tableName: 'booking' })
export class Booking {
  @PrimaryKey({ type: 'uuid' })
  id!: string;

  @Property({ type: 'int', version: true })
  version!: number;

  /** Whose rows in the calendar are this booking's. */
  @Property({ type: new BigIntType('number') })
  ownerId!: number;

  @Property({ type: 'uuid' })
  quoteId!: string;

  @Property({ type: 'text' })
  state!: BookingState;

  @Embedded(() => StayTerms, { prefix: false })
  terms!: StayTerms;

  @Property({ type: 'text', nullable: true })
  message!: string | null;

  @Property({ type: 'datetime', nullable: true })
  holdExpiresAt!: Date | null;

  @Property({ type: 'datetime', nullable: true })
  respondBy!: Date | null;

  /** When a sweeper has to look at it next, in domain time: for itself or for its open change. */
  @Property({ type: 'datetime', nullable: true })
  dueAt!: Date | null;

  @Property({ type: 'datetime', nullable: true })
  confirmedAt!: Date | null;

  @Property({ type: 'text', nullable: true })
  expiredCause!: ExpiryCause | null;

  @Property({ type: 'uuid', nullable: true })
  paymentId!: string | null;

  @Property({ type: new BigIntType('number') })
  authorizedMinor!: number;

  @Property({ type: new BigIntType('number') })
  capturedMinor!: number;

  @Property({ type: 'json', nullable: true })
  cancellation!: Cancellation | null;

  @Property({ type: 'uuid', nullable: true })
  openChangeId!: string | null;

  /** Which refund tiers held when it was changed; the worst of them and the present one counts. */
  @Property({ type: 'json' })
  tiersAtChanges!: RefundTier[];

  @Property({ type: 'datetime' })
  updatedAt!: Date;
}
