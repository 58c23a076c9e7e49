import { type EntityManager, sql } from '@mikro-orm/postgresql';
import type { IsoDate } from '@roost/stay';
import type { Block } from './calendar.dto.js';

export interface BlockFilter {
  /** Only blocks that end after this date. */
  from: IsoDate | null;
  /** The position of the last block of the previous page. */
  after: readonly [from: IsoDate, id: string] | null;
  limit: number;
}

/** The blocks of a listing by their first night; up to `limit`. */
export async function listBlocks(
  em: EntityManager,
  calendarListingId: number,
  { from, after, limit }: BlockFilter,
): Promise<Block[]> {
  const [afterFrom, afterId] = after ?? [null, null];
  return await em.execute<Block[]>(sql`
    SELECT id, to_char(from_date, 'YYYY-MM-DD') AS "from", to_char(to_date, 'YYYY-MM-DD') AS "to", note
    FROM calendar_block
    WHERE listing_id = ${calendarListingId} AND to_date > coalesce(${from}::date, '-infinity')
      AND (from_date, id) > (coalesce(${afterFrom}::date, '-infinity'),
        coalesce(${afterId}::uuid, '00000000-0000-0000-0000-000000000000'))
    ORDER BY from_date, id LIMIT ${limit}`);
}
