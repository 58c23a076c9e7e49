import { Migration } from '@mikro-orm/migrations';

/** For the job that empties the facts of notifications. */
export class Migration0016NotificationFacts extends Migration {
  override up(): void {
    this.addSql(`CREATE INDEX notification_with_facts ON notification (processed_at) WHERE facts <> '{}'`);
  }
}
