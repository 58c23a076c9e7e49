import type { z } from 'zod';
import { invalidParameter } from '@roost/platform';

const CURSOR_AT = Symbol('cursor at');

export interface PageOf<T> {
  data: T[];
  nextCursor: string | null;
  /** A symbol: copied when a page is spread, omitted in JSON. */
  [CURSOR_AT]?: (index: number) => string | null;
}

/**
 * One page of a list. `rows` are up to `limit + 1` rows in key order; the additional row shows that there is a next page.
 * `keyOf` returns the sort key of a row (an array or object of strings and numbers); the next page starts after it.
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

/** The cursor of one item of a page. For a page that `page` did not create, only the cursor of the last item exists. */
export function cursorAt(
  { data, nextCursor, [CURSOR_AT]: find }: PageOf<unknown>,
  index: number,
): string | null {
  return find ? find(index) : index === data.length - 1 ? nextCursor : null;
}

export function encodeCursor(key: unknown): string {
  return Buffer.from(JSON.stringify(key)).toString('base64url');
}

/** The validated key in a cursor; `null` for the first page. Throws 400 for an invalid cursor. */
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
