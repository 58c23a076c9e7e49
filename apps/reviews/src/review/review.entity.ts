import { Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import type { Direction } from '../criteria/domain/direction.js';
import type { Scores } from '../criteria/domain/scores.js';

const instant = (nullable = false) => ({ type: 'datetime', columnType: 'timestamptz(3)', nullable });

@Entity({ tableName: 'review' })
export class Review {
  @PrimaryKey({ type: 'uuid' })
  id!: string;

  @Property({ type: 'uuid', nullable: true })
  bookingId: string | null = null;

  @Property({ type: 'uuid' })
  listingId!: string;

  @Property({ type: 'text' })
  direction!: Direction;

  @Property({ type: 'uuid', nullable: true })
  authorId: string | null = null;

  /** The user who may reply: the host for a review of the listing, otherwise the guest. */
  @Property({ type: 'uuid', nullable: true })
  recipientId: string | null = null;

  /** The reviewed listing or guest. */
  @Property({ type: 'uuid' })
  subjectId!: string;

  @Property({ type: 'smallint', nullable: true })
  overall: number | null = null;

  @Property({ type: 'json', nullable: true })
  categories: Scores | null = null;

  @Property({ type: 'text' })
  text!: string;

  @Property(instant())
  writtenAt!: Date;

  /** Null while only the author may see the review. */
  @Property(instant(true))
  publishedAt: Date | null = null;

  @Property({ type: 'text', nullable: true })
  reply: string | null = null;

  @Property(instant(true))
  repliedAt: Date | null = null;

  /** Set while an administrator hides the reply, but not the review. */
  @Property(instant(true))
  replyHiddenAt: Date | null = null;

  @Property({ type: 'uuid', nullable: true })
  replyHiddenBy: string | null = null;

  @Property({ type: 'text', nullable: true })
  replyHiddenReason: string | null = null;

  @Property(instant(true))
  hiddenAt: Date | null = null;

  @Property({ type: 'text', nullable: true })
  hiddenReason: string | null = null;

  @Property({ type: 'uuid', nullable: true })
  hiddenBy: string | null = null;

  /** Set for imported reviews, which have neither a booking nor ratings. */
  @Property({ type: 'text', nullable: true })
  externalId: string | null = null;

  @Property({ type: 'text', nullable: true })
  externalAuthor: string | null = null;

  @Property({ type: 'integer', version: true })
  version: number = 1;
}
