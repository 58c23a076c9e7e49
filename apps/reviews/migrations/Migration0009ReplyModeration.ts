import { Migration } from '@mikro-orm/migrations';

/** Replies that administrators hide, without the review. */
export class Migration0009ReplyModeration extends Migration {
  override up(): void {
    this.addSql('ALTER TABLE review ADD COLUMN reply_hidden_at timestamptz(3)');
    this.addSql('ALTER TABLE review ADD COLUMN reply_hidden_by uuid');
    this.addSql('ALTER TABLE review ADD COLUMN reply_hidden_reason text');
    // Rows from before the columns conform.
    this.addSql(`ALTER TABLE review ADD CONSTRAINT review_reply_moderation
      CHECK (num_nonnulls(reply_hidden_at, reply_hidden_by, reply_hidden_reason) IN (0, 3)) NOT VALID`);
  }
}
