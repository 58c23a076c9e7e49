import { Migration } from '@mikro-orm/migrations';
import { RESTORATION_TABLES } from '../src/restoration/restoration.tables.js';

/** Restores from a backup. */
export class Migration0018Restorations extends Migration {
  override up(): void {
    for (const table of RESTORATION_TABLES) this.addSql(table);
  }
}
