import { Migration } from '@mikro-orm/migrations';

export class Migration0006ReturnUrl extends Migration {
  override up(): void {
    this.addSql('ALTER TABLE payment_operation ADD COLUMN return_url text');
  }
}
