import { Embedded, Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { StayTerms } from '../terms/stay-terms.entity.js';

@Entity({ tableName: 'quote' })
export class Quote {
  @PrimaryKey({ type: 'uuid' })
  id!: string;

  @Property({ type: 'datetime' })
  expiresAt!: Date;

  @Embedded(() => StayTerms, { prefix: false })
  terms!: StayTerms;
}
