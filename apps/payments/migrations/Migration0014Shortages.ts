import { Migration } from '@mikro-orm/migrations';

/** How often a provider has reported that its balance does not suffice for an operation. */
export class Migration0014Shortages extends Migration {
  override up(): void {
    this.addSql(`ALTER TABLE payment_operation ADD COLUMN shortages int NOT NULL DEFAULT 0`);
  }
}
