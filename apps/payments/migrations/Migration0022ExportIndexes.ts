import { Migration } from '@mikro-orm/migrations';

/** An export reads all payout accounts of a host, also the replaced ones. */
export class Migration0022ExportIndexes extends Migration {
  override up(): void {
    this.addSql('CREATE INDEX payout_account_host ON payout_account (host_id)');
  }
}
