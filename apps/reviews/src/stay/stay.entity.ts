import { Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import type { Direction } from '../review/domain/direction.js';

/** A booking as far as reviews care. Whoever writes a review of it writes this row first: the two sides can't miss each other. */
@Entity({ tableName: 'stay' })
export class Stay {
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

  /** Null while it may not be reviewed. */
  @Property({ type: 'datetime', columnType: 'timestamptz(3)', nullable: true })
  closesAt: Date | null = null;

  @Property({ type: 'boolean' })
  guestWrote: boolean = false;

  @Property({ type: 'boolean' })
  hostWrote: boolean = false;

  @Property({ type: 'datetime', columnType: 'timestamptz(3)', nullable: true })
  dueAt: Date | null = null;

  @Property({ type: 'integer', version: true })
  version: number = 1;

  /** What this person may write about; null for who was neither guest nor host. */
  directionOf(userId: string): Direction | null {
    if (userId === this.guestId) return 'guest_to_listing';
    return userId === this.hostId ? 'host_to_guest' : null;
  }
}
