import { Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import type { Direction } from './domain/direction.js';
import type { Scores } from './domain/scores.js';

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

  /** Who may answer: the host for a review of the listing, else the guest. */
  @Property({ type: 'uuid', nullable: true })
  recipientId: string | null = null;

  /** The listing, or the guest. */
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

  /** Null: for nobody but its author. */
  @Property(instant(true))
  publishedAt: Date | null = null;

  @Property({ type: 'text', nullable: true })
  reply: string | null = null;

  @Property(instant(true))
  repliedAt: Date | null = null;

  @Property(instant(true))
  hiddenAt: Date | null = null;

  @Property({ type: 'text', nullable: true })
  hiddenReason: string | null = null;

  @Property({ type: 'uuid', nullable: true })
  hiddenBy: string | null = null;

  /** Set on what was imported: it has no booking and no ratings. */
  @Property({ type: 'text', nullable: true })
  externalId: string | null = null;

  @Property({ type: 'text', nullable: true })
  externalAuthor: string | null = null;

  @Property({ type: 'integer', version: true })
  version: number = 1;
}
