import { BigIntType } from '@mikro-orm/core';
import { Embeddable, Property } from '@mikro-orm/decorators/legacy';
import type { CancellationPolicy } from './domain/cancellation.js';
import type { DatedRefund } from './domain/refund-schedule.js';
import type { Guests, PricedStay } from '@roost/pricing';

/** What a quote promises and a booking keeps: the terms of one stay, frozen with the time zone they are read in. */
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

  /** The host's fee in bps comes along, since a cancellation computes it again. */
  @Property({ type: 'json' })
  price!: PricedStay & { hostFeeBps: number };

  @Property({ type: new BigIntType('number') })
  totalMinor!: number;

  @Property({ type: new BigIntType('number') })
  hostPayoutMinor!: number;

  /** The policy as dated instants. */
  @Property({ type: 'json' })
  refundSchedule!: DatedRefund[];

  @Property({ type: 'datetime' })
  createdAt!: Date;
}
