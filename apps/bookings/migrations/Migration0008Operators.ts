import { Migration } from '@mikro-orm/migrations';
import { CREATE_AUDIT_LOG, INDEX_AUDIT_LOG } from '@roost/audit';

/** The list of all bookings for administrators, and their audit log. */
export class Migration0008Operators extends Migration {
  override name = 'Migration0008Operators';

  override up(): void {
    this.addSql('CREATE INDEX booking_by_listing ON booking (listing_id, id DESC)');
    this.addSql('CREATE INDEX booking_by_creation ON booking (created_at)');
    this.addSql('CREATE INDEX booking_by_check_in ON booking (check_in_date)');
    // Most bookings have one of the other states.
    this.addSql(`
      CREATE INDEX booking_in_rare_state ON booking (state, id DESC)
      WHERE state NOT IN ('confirmed', 'completed', 'cancelled', 'expired')`);
    for (const statement of [...CREATE_AUDIT_LOG, ...INDEX_AUDIT_LOG]) this.addSql(statement);
  }
}
