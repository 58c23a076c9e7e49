import { Migration } from '@mikro-orm/migrations';

export class Migration0002UnknownRooms extends Migration {
  override up(): void {
    this.change('DROP');
  }

  /** Fails if a listing has an unknown value. */
  override down(): void {
    this.change('SET');
  }

  private change(action: 'DROP' | 'SET'): void {
    for (const table of ['listing', 'listing_search']) {
      for (const column of ['bedrooms', 'beds', 'bathrooms']) {
        this.addSql(`ALTER TABLE ${table} ALTER COLUMN ${column} ${action} NOT NULL`);
      }
    }
  }
}
