import { Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';

@Entity({ tableName: 'calendar_block' })
export class CalendarBlock {
  @PrimaryKey({ type: 'uuid' })
  id!: string;

  @Property({ type: 'bigint' })
  ownerId!: number;

  @Property({ type: 'bigint' })
  listingId!: number;

  @Property({ type: 'date' })
  fromDate!: string;

  @Property({ type: 'date' })
  toDate!: string;

  @Property({ type: 'text' })
  note!: string;

  @Property({ type: 'datetime' })
  createdAt!: Date;
}
