import { Migration } from '@mikro-orm/migrations';

/** What administrators have given back of a booking of their own accord: no cancel gives it back again. */
export class Migration0009Goodwill extends Migration {
  override name = 'Migration0009Goodwill';

  override up(): void {
    this.addSql(`
      ALTER TABLE booking ADD goodwill_minor bigint NOT NULL DEFAULT 0,
        ADD CONSTRAINT booking_goodwill_within_total CHECK (goodwill_minor BETWEEN 0 AND total_minor)`);
  }
}
