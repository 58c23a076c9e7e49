import { Migration } from '@mikro-orm/migrations';

/** The payload of a webhook, with personal data of the guest, is stored until it is handled. Nothing reads it later. */
export class Migration0021HandledPayloads extends Migration {
  override up(): void {
    this.addSql(`UPDATE webhook_event SET payload = '' WHERE handled_at IS NOT NULL AND payload <> ''`);
  }
}
