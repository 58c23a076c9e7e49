import { BigIntType } from '@mikro-orm/core';
import { Embedded, Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { StayTerms } from '../terms/stay-terms.entity.js';
import type { BookingState, ExpiryCause } from './domain/booking-state.js';
import type { RefundTier } from '../terms/domain/refund-tiers.js';
import { type DatedRefund, limitSchedule } from '../terms/domain/refund-schedule.js';

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

  /** The owner of this booking's rows in `calendar_entry`. */
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

  /** An administrator has hidden its message, which is also the first one of its thread. */
  @Property({ type: 'boolean' })
  messageModerated!: boolean;

  @Property({ type: 'datetime', nullable: true })
  holdExpiresAt!: Date | null;

  @Property({ type: 'datetime', nullable: true })
  respondBy!: Date | null;

  /** When the next sweep has to process it, in domain time: for itself or for its open change. */
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

  /** The part of its total that administrators have refunded as goodwill, in minor units; at most the total. */
  @Property({ type: new BigIntType('number') })
  goodwillMinor!: number;

  @Property({ type: 'json', nullable: true })
  cancellation!: Cancellation | null;

  @Property({ type: 'uuid', nullable: true })
  openChangeId!: string | null;

  /** The refund tiers that applied when it was changed; the worst of these and the current one applies. */
  @Property({ type: 'json' })
  tiersAtChanges!: RefundTier[];

  @Property({ type: 'datetime' })
  updatedAt!: Date;
}

/** The amount, in minor units, that can still be refunded. The differences of changes are already settled. */
export function refundableMinor(booking: Booking): number {
  const { terms, confirmedAt, capturedMinor, authorizedMinor, goodwillMinor } = booking;
  const paidMinor = confirmedAt ? terms.totalMinor : Math.max(capturedMinor, authorizedMinor);
  return paidMinor - goodwillMinor;
}

/** The refund of a cancellation by the guest, by date, limited to the part that is not yet refunded as goodwill. */
export const refundScheduleOf = ({
  terms,
  goodwillMinor,
}: Pick<Booking, 'terms' | 'goodwillMinor'>): DatedRefund[] =>
  limitSchedule(terms.refundSchedule, terms.totalMinor - goodwillMinor);
