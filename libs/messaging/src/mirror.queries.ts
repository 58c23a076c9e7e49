import { type EntityManager, sql } from '@mikro-orm/postgresql';

/** A row that mirrors the newest state event of one aggregate. Columns by their names in the database. */
export interface MirroredRow {
  table: string;
  /** The primary key: the aggregate's id. */
  key: Readonly<Record<string, unknown>>;
  /** `meta.aggregateVersion` of the event; stored in the column `version`. */
  version: number;
  /** The mirrored columns: values, or `sql` fragments where a value needs a cast. */
  values: Readonly<Record<string, unknown>>;
}

/**
 * Writes the row unless it has this version or a newer one ("newer version wins"). Returns whether the row was written.
 * Call it in the handler's transaction.
 */
export async function mirror(
  em: EntityManager,
  { table, key, version, values }: MirroredRow,
): Promise<boolean> {
  const mirroredColumns = { version, ...values };
  const names = Object.keys(mirroredColumns).map((name) => sql.ref(name));
  const list = (items: readonly unknown[]) => joined(items.map((item) => sql`${item}`));
  const rows = await em.execute<object[]>(sql`
    INSERT INTO ${sql.ref(table)} AS mirrored (${list([...Object.keys(key).map((name) => sql.ref(name)), ...names])})
    VALUES (${list([...Object.values(key), ...Object.values(mirroredColumns)])})
    ON CONFLICT (${list(Object.keys(key).map((name) => sql.ref(name)))})
    DO UPDATE SET ${joined(names.map((name) => sql`${name} = excluded.${name}`))}
    WHERE mirrored.version < excluded.version RETURNING true`);
  return rows.length > 0;
}

const joined = (fragments: readonly ReturnType<typeof sql>[]) =>
  fragments.reduce((before, next) => sql`${before}, ${next}`);
