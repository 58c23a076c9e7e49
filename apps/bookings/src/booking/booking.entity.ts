import { BigIntType } from '@mikro-orm/core';
import { Embedded, Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { StayTerms } from '../terms/stay-terms.entity.js';
import type { BookingState, ExpiryCause } from './domain/booking-state.js';
import type { RefundTier } from '../terms/domain/cancellation.js';
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

  /** What of its total administrators have given back of their own accord; minor units, never more than the total. */
  @Property({ type: new BigIntType('number') })
  goodwillMinor!: number;

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

/** What of the guest's money can still go back, minor units: each change has settled what it costs more or less. */
export function refundableMinor(booking: Booking): number {
  const { terms, confirmedAt, capturedMinor, authorizedMinor, goodwillMinor } = booking;
  const paidMinor = confirmedAt ? terms.totalMinor : Math.max(capturedMinor, authorizedMinor);
  return paidMinor - goodwillMinor;
}

/** What a guest's cancel gives back, by date, of what goodwill has left. */
export const refundScheduleOf = ({
  terms,
  goodwillMinor,
}: Pick<Booking, 'terms' | 'goodwillMinor'>): DatedRefund[] =>
  limitSchedule(terms.refundSchedule, terms.totalMinor - goodwillMinor);
