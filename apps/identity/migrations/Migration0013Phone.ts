import { Migration } from '@mikro-orm/migrations';

/** Verified phone numbers, and the codes that verify them. */
export class Migration0013Phone extends Migration {
  override up(): void {
    this.addSql(`ALTER TABLE user_account ADD COLUMN phone text`);
    // Not unique: members of a household may share a number, and a response must not reveal other accounts.
    this.addSql(`CREATE INDEX user_account_phone ON user_account (phone) WHERE phone IS NOT NULL`);
    this.addSql(`
      CREATE TABLE phone_code (
        id uuid PRIMARY KEY,
        user_id uuid NOT NULL REFERENCES user_account,
        -- null when the code can't be used any more
        phone text,
        code_hash text NOT NULL,
        tries integer NOT NULL DEFAULT 0,
        -- of number and network: the limits of text messages count them, also after an erasure
        -- phone_hash is null if no message was sent
        phone_hash bytea,
        network_hash bytea NOT NULL,
        created_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL,
        -- the text message; deleted when it is sent
        text text NOT NULL,
        attempts integer NOT NULL DEFAULT 0,
        next_attempt_at timestamptz,
        sent_at timestamptz,
        given_up_at timestamptz
      )`);
    this.addSql(`CREATE INDEX phone_code_user ON phone_code (user_id, created_at)`);
    this.addSql(`CREATE INDEX phone_code_phone ON phone_code (phone_hash, created_at)`);
    this.addSql(`CREATE INDEX phone_code_network ON phone_code (network_hash, created_at)`);
    this.addSql(`CREATE INDEX phone_code_age ON phone_code (created_at)`);
    this.addSql(
      `CREATE INDEX phone_code_due ON phone_code (next_attempt_at) WHERE next_attempt_at IS NOT NULL`,
    );
  }
}
