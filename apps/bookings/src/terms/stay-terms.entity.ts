import { BigIntType } from '@mikro-orm/core';
import { Embeddable, Property } from '@mikro-orm/decorators/legacy';
import type { CancellationPolicy } from './domain/booked-stay.js';
import type { DatedRefund } from './domain/refund-schedule.js';
import type { Guests, PricedStay } from '@roost/pricing';

/** The terms of one stay, frozen in a quote and copied to its booking, with the time zone of their dates. */
@Embeddable()
export class StayTerms {
  @Property({ type: 'uuid' })
  listingId!: string;

  @Property({ type: new BigIntType('number') })
  calendarListingId!: number;

  @Property({ type: 'uuid' })
  hostId!: string;

  @Property({ type: 'uuid' })
  guestId!: string;

  @Property({ type: 'text' })
  bookingMode!: 'instant' | 'request';

  @Property({ type: 'text' })
  cancellationPolicy!: CancellationPolicy;

  @Property({ type: 'text' })
  timeZone!: string;

  @Property({ type: 'text' })
  checkInFrom!: string;

  @Property({ type: 'text' })
  checkOutUntil!: string;

  @Property({ type: 'date' })
  checkInDate!: string;

  @Property({ type: 'date' })
  checkOutDate!: string;

  @Property({ type: 'datetime' })
  checkInAt!: Date;

  @Property({ type: 'datetime' })
  checkOutAt!: Date;

  @Property({ type: 'int' })
  preparationNights!: number;

  @Property({ type: 'json' })
  guests!: Guests;

  @Property({ type: 'text' })
  currency!: string;

  /** Includes the host's fee in bps and the step of charges, because a cancellation computes with them again. */
  @Property({ type: 'json' })
  price!: PricedStay & { hostFeeBps: number; chargeStepMinor?: number };

  /** The amount that is charged: the total of the price, rounded down where cards require it (`chargeOf`). */
  @Property({ type: new BigIntType('number') })
  totalMinor!: number;

  @Property({ type: new BigIntType('number') })
  hostPayoutMinor!: number;

  /** The cancellation policy as instants and amounts. */
  @Property({ type: 'json' })
  refundSchedule!: DatedRefund[];

  @Property({ type: 'datetime' })
  createdAt!: Date;
}
