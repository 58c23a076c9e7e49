import { type EntityManager, sql } from '@mikro-orm/postgresql';
import type { DateRange } from '@roost/stay';
import type { Ignored } from './domain/feed-events.js';
import type { FeedProblem } from './feed.dto.js';

export interface LogCounts {
  added: number;
  moved: number;
  removed: number;
  echoes: number;
  ignored: Partial<Record<Ignored, number>>;
}

export interface LogRow {
  id: string;
  at: Date;
  cause: 'poll' | 'host';
  outcome: 'imported' | 'unchanged' | 'failed';
  problem: FeedProblem | null;
  status: number | null;
  counts: LogCounts | null;
  clashes: DateRange[];
}

const MAX_LOG_ROWS = 500;

/** Appends to the log of a feed, and deletes the oldest entries. */
export async function writeLog(em: EntityManager, feedId: string, row: Omit<LogRow, 'id'>): Promise<void> {
  const { at, cause, outcome, problem, status } = row;
  const counts = row.counts && JSON.stringify(row.counts);
  const clashes = JSON.stringify(row.clashes);
  await em.execute(sql`
    INSERT INTO calendar_feed_log (feed_id, at, cause, outcome, problem, status, counts, clashes)
    VALUES (${feedId}, ${at}, ${cause}, ${outcome}, ${problem}, ${status}, ${counts}::jsonb, ${clashes}::jsonb)`);
  await em.execute(sql`
    DELETE FROM calendar_feed_log WHERE feed_id = ${feedId} AND id <= (
      SELECT id FROM calendar_feed_log WHERE feed_id = ${feedId} ORDER BY id DESC OFFSET ${MAX_LOG_ROWS} LIMIT 1)`);
}

/** Newest first. The order is by the numeric id; the selected id is its text. */
export async function logOf(
  em: EntityManager,
  feedId: string,
  before: string | null,
  limit: number,
): Promise<LogRow[]> {
  return await em.execute<LogRow[]>(sql`
    SELECT id::text, at, cause, outcome, problem, status, counts, clashes FROM calendar_feed_log
    WHERE feed_id = ${feedId} AND (${before}::bigint IS NULL OR id < ${before}::bigint)
    ORDER BY calendar_feed_log.id DESC LIMIT ${limit}`);
}
