import { Migration } from '@mikro-orm/migrations';

/** The reconciliation reads the payouts since an instant. */
export class Migration0016PayoutsStarted extends Migration {
  override up(): void {
    this.addSql(`CREATE INDEX payout_started ON payout (started_at, id)`);
  }
}
