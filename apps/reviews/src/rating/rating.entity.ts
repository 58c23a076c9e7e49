import { Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import type { Totals } from './domain/rating.js';

/** The totals of the published, visible reviews of one listing or guest. */
@Entity({ tableName: 'rating' })
export class Rating implements Totals {
  @PrimaryKey({ type: 'uuid' })
  subjectId!: string;

  @Property({ type: 'integer', version: true })
  version: number = 1;

  @Property({ type: 'integer' })
  count!: number;

  @Property({ type: 'integer' })
  overallSum!: number;

  @Property({ type: 'json' })
  categorySums!: Record<string, number>;

  @Property({ type: 'json' })
  histogram!: number[];
}
