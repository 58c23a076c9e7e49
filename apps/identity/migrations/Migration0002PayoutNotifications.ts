import { Migration } from '@mikro-orm/migrations';

/** Notifications about payouts concern several bookings or none. */
export class Migration0002PayoutNotifications extends Migration {
  override up(): void {
    this.addSql('ALTER TABLE notification DROP CONSTRAINT notification_check1');
    this.addSql(`
      ALTER TABLE notification ADD CONSTRAINT notification_booking_side CHECK (
        template IN ('message-received', 'feed-problem-found', 'payout-paid', 'payout-failed', 'payout-account-changed')
        OR (booking_id IS NOT NULL AND side IS NOT NULL))`);
  }
}
