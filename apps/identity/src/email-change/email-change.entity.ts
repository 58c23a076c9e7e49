import { Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';

/** A requested mail address that both mailboxes must confirm; one per user. */
@Entity()
export class EmailChange {
  @PrimaryKey({ type: 'uuid' })
  userId!: string;

  @Property({ type: 'text' })
  newEmail!: string;

  @Property({ type: 'datetime', columnType: 'timestamptz' })
  createdAt!: Date;

  @Property({ type: 'datetime', columnType: 'timestamptz', nullable: true })
  oldConfirmedAt: Date | null = null;

  @Property({ type: 'datetime', columnType: 'timestamptz', nullable: true })
  newConfirmedAt: Date | null = null;
}
