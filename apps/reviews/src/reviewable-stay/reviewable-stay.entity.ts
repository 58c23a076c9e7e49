import { Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import type { Direction } from '../criteria/domain/direction.js';

/**
 * The part of a booking that reviews need. Writing a review updates this row first, so that two concurrent reviews of
 * one stay conflict.
 */
@Entity({ tableName: 'reviewable_stay' })
export class ReviewableStay {
  @PrimaryKey({ type: 'uuid' })
  bookingId!: string;

  @Property({ type: 'uuid' })
  listingId!: string;

  @Property({ type: 'uuid' })
  hostId!: string;

  @Property({ type: 'uuid' })
  guestId!: string;

  @Property({ type: 'date' })
  checkInDate!: string;

  @Property({ type: 'date' })
  checkOutDate!: string;

  /** The end of the review window. Null while the stay may not be reviewed. */
  @Property({ type: 'datetime', columnType: 'timestamptz(3)', nullable: true })
  closesAt: Date | null = null;

  @Property({ type: 'boolean' })
  guestReviewed: boolean = false;

  @Property({ type: 'boolean' })
  hostReviewed: boolean = false;

  /** The time at which the sweeper publishes the written reviews. Null if none is unpublished. */
  @Property({ type: 'datetime', columnType: 'timestamptz(3)', nullable: true })
  dueAt: Date | null = null;

  @Property({ type: 'integer', version: true })
  version: number = 1;

  /** The direction in which the user may review this stay. Null for users who are neither guest nor host. */
  directionOf(userId: string): Direction | null {
    if (userId === this.guestId) return 'guest_to_listing';
    return userId === this.hostId ? 'host_to_guest' : null;
  }
}
