import { Migration } from '@mikro-orm/migrations';

/** A user without a row is active: the service has not received their first event yet. */
export class Migration0000AccountStanding extends Migration {
  override up(): void {
    this.addSql(`CREATE TABLE account_standing (
      user_id uuid PRIMARY KEY,
      version integer NOT NULL,
      status text NOT NULL)`);
    // The sessions that ended within the lifetime of an access token.
    this.addSql(`CREATE TABLE ended_session (
      session_id text PRIMARY KEY,
      reason text NOT NULL,
      tokens_expire_at timestamptz NOT NULL)`);
    this.addSql(`CREATE INDEX ended_session_expiry ON ended_session (tokens_expire_at)`);
  }
}
