import type { z } from 'zod';
import { invalidParameter } from '@roost/platform';

const CURSOR_AT = Symbol('cursor at');

export interface PageOf<T> {
  data: T[];
  nextCursor: string | null;
  /** Goes along when a page is spread; JSON leaves it out. */
  [CURSOR_AT]?: (index: number) => string | null;
}

/**
 * One page out of `limit + 1` rows: ask the database for one row more than the page has, in key order.
 * `keyOf` gives the sort key of a row (an array or object of strings and numbers) that the next query starts after.
 */
export function page<T>(rows: readonly T[], limit: number, keyOf: (row: T) => unknown): PageOf<T> {
  const data = rows.slice(0, limit);
  const last = data.at(-1);
  return {
    data,
    nextCursor: rows.length > limit && last !== undefined ? encodeCursor(keyOf(last)) : null,
    [CURSOR_AT]: (index) => {
      const row = data[index];
      return row === undefined ? null : encodeCursor(keyOf(row));
    },
  };
}

/** The cursor of one item of a page; of a page that was put together anew only the last one is known. */
export function cursorAt(
  { data, nextCursor, [CURSOR_AT]: find }: PageOf<unknown>,
  index: number,
): string | null {
  return find ? find(index) : index === data.length - 1 ? nextCursor : null;
}

export function encodeCursor(key: unknown): string {
  return Buffer.from(JSON.stringify(key)).toString('base64url');
}

/** The key inside a cursor, checked; `null` for the first page. A cursor that nobody issued is a 400. */
export function decodeCursor<S extends z.ZodType>(cursor: string | undefined, schema: S): z.output<S> | null {
  if (cursor === undefined) return null;
  let key: unknown;
  try {
    key = JSON.parse(Buffer.from(cursor, 'base64url').toString());
  } catch {
    throw invalidParameter('cursor', 'Must be a cursor that this list returned');
  }
  const result = schema.safeParse(key);
  if (!result.success) throw invalidParameter('cursor', 'Must be a cursor that this list returned');
  return result.data;
}
