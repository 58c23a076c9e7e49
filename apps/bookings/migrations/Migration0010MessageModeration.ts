import { Migration } from '@mikro-orm/migrations';

/** The list of all threads for administrators, and messages that they hide. */
export class Migration0010MessageModeration extends Migration {
  override up(): void {
    this.addSql('ALTER TABLE message ADD COLUMN moderated_at timestamptz(3)');
    this.addSql('ALTER TABLE message ADD COLUMN moderated_by uuid');
    this.addSql('ALTER TABLE message ADD COLUMN moderation_reason text');
    this.addSql(`ALTER TABLE message ADD CONSTRAINT message_moderation
      CHECK (num_nonnulls(moderated_at, moderated_by, moderation_reason) IN (0, 3))`);
    // The booking shows its first message, too.
    this.addSql('ALTER TABLE booking ADD COLUMN message_moderated boolean NOT NULL DEFAULT false');
    this.addSql('CREATE INDEX thread_newest ON thread (last_seq DESC)');
    this.addSql('CREATE INDEX thread_by_listing ON thread (listing_id, last_seq DESC)');
    this.addSql('CREATE INDEX thread_by_creation ON thread (created_at)');
  }
}
