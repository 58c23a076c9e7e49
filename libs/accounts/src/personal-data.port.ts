import type { EntityManager, sql } from '@mikro-orm/postgresql';

/** Records of one kind in an export: `"wishlists": [...]`. */
export interface ExportSection {
  name: string;
  /** Selects the rows in the order of the file. Any number: they are read in batches, all at one instant. */
  rows: ReturnType<typeof sql>;
  /** Converts a batch of rows to records. Without it, a record is the row. */
  view?(em: EntityManager, rows: object[]): object[] | Promise<object[]>;
}

/** What a service stores of a user and the user may see: no secrets, and no private data of other users. */
export abstract class PersonalData {
  abstract sections(userId: string): ExportSection[];
}
