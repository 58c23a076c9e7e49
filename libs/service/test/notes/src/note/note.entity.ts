import { OptionalProps } from '@mikro-orm/core';
import { Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';

@Entity({ tableName: 'note' })
export class Note {
  [OptionalProps]?: 'version' | 'expiresAt';

  @PrimaryKey({ type: 'uuid' })
  id!: string;

  @Property({ type: 'uuid' })
  ownerId!: string;

  @Property({ type: 'text' })
  text!: string;

  @Property({ type: 'jsonb' })
  tags!: string[];

  @Property({ type: 'datetime', nullable: true })
  expiresAt: Date | null = null;

  @Property({ type: 'datetime' })
  createdAt!: Date;

  @Property({ version: true })
  version: number = 1;
}
