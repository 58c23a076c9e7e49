import { Migration } from '@mikro-orm/migrations';

export class Migration0001Note extends Migration {
  override up(): void {
    this.addSql(`CREATE TABLE note (
      id uuid PRIMARY KEY, owner_id uuid NOT NULL, text text NOT NULL, tags jsonb NOT NULL,
      expires_at timestamptz, created_at timestamptz NOT NULL, version integer NOT NULL DEFAULT 1)`);
    this.addSql('CREATE INDEX note_of_owner ON note (owner_id, id DESC)');
    this.addSql('CREATE INDEX note_due ON note (expires_at) WHERE expires_at IS NOT NULL');
  }
}
