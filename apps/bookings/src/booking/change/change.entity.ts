import { BigIntType } from '@mikro-orm/core';
import { Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import type { Guests } from '@roost/pricing';
import type { StayTerms } from '../../terms/stay-terms.entity.js';
import type { ChangeState, Side } from './domain/change-state.js';

/** Other terms that one side proposes for a booking. All other terms are those of the booking. */
@Entity({ tableName: 'booking_change' })
export class BookingChange {
  @PrimaryKey({ type: 'uuid' })
  id!: string;

  @Property({ type: 'int', version: true })
  version!: number;

  @Property({ type: 'uuid' })
  bookingId!: string;

  @Property({ type: 'text' })
  state!: ChangeState;

  @Property({ type: 'text' })
  proposedBy!: Side;

  @Property({ type: 'date' })
  checkInDate!: string;

  @Property({ type: 'date' })
  checkOutDate!: string;

  @Property({ type: 'datetime' })
  checkInAt!: Date;

  @Property({ type: 'datetime' })
  checkOutAt!: Date;

  @Property({ type: 'json' })
  guests!: Guests;

  @Property({ type: 'json' })
  price!: StayTerms['price'];

  @Property({ type: new BigIntType('number') })
  totalMinor!: number;

  @Property({ type: new BigIntType('number') })
  hostPayoutMinor!: number;

  /** The amount, in minor units, that the guest pays (positive) or is refunded (negative) when the change is applied. */
  @Property({ type: new BigIntType('number') })
  differenceMinor!: number;

  /** Its dates differ from those of the booking. */
  @Property({ type: 'boolean' })
  holdsNights!: boolean;

  /** The deadline for the response or the payment; null after the change has ended. */
  @Property({ type: 'datetime', nullable: true })
  expiresAt!: Date | null;

  @Property({ type: 'datetime', nullable: true })
  acceptedAt!: Date | null;

  @Property({ type: 'datetime' })
  createdAt!: Date;

  @Property({ type: 'datetime' })
  updatedAt!: Date;
}
