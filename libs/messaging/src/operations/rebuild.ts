import type { EntityManager } from '@mikro-orm/postgresql';
import { events as contracts, type EventType, topicOf } from '@roost/contracts';
import type { EventEnvelope } from '../envelope.js';
import type { EventConsumer } from '../event-consumer.js';
import type { Transactions } from '../transactions.js';

export interface RebuildOptions {
  /** A state topic that the service listens to. */
  topic: string;
  /** What this topic fills, and nothing else does. */
  tables: readonly string[];
  /** All events of the topic, from the start to where it ends now; asked for again when the transaction lost a race. */
  read(): AsyncIterable<readonly EventEnvelope[]>;
  /** `false`: roll all back, and only say what would have been. */
  keep: boolean;
  /** Called with the number of events handled so far. */
  onProgress?(events: number): void;
}

export interface RebuiltTable {
  readonly table: string;
  readonly rowsBefore: number;
  readonly rowsAfter: number;
  /** Rows that were there and are not any more, as they were. */
  readonly onlyBefore: number;
  readonly onlyAfter: number;
  /** Of all rows, whatever their order. */
  readonly checksumBefore: string;
  readonly checksumAfter: string;
}

export interface Rebuilt {
  readonly events: number;
  readonly tables: readonly RebuiltTable[];
}

/** Events of the topic are parked: handled anew, those before them would come after them. */
export class LettersInTheWay extends Error {
  override readonly name = 'LettersInTheWay';
  constructor(
    topic: string,
    readonly letters: number,
  ) {
    super(`${letters} dead letters of ${topic} are in the way`);
  }
}

class NotKept extends Error {}

/**
 * Empties the projections of a state topic and what the inbox knows of it, and handles all its events again, in one
 * transaction: whoever reads meanwhile sees the old rows, and a crash leaves them. The service's other processes go on;
 * only their event handlers wait for the inbox, and try again.
 */
export async function rebuild(
  transactions: Transactions,
  consumer: EventConsumer,
  options: RebuildOptions,
): Promise<Rebuilt> {
  let done: Rebuilt = { events: 0, tables: [] };
  try {
    await transactions.begin(
      async (em) => {
        done = await rebuildWithin(em, consumer, options);
        if (!options.keep) throw new NotKept();
      },
      { isolation: 'read committed' },
    );
  } catch (error) {
    if (!(error instanceof NotKept)) throw error;
  }
  return done;
}

async function rebuildWithin(
  em: EntityManager,
  consumer: EventConsumer,
  { topic, tables, read, onProgress }: RebuildOptions,
): Promise<Rebuilt> {
  const run = (sql: string, params: unknown[] = []) => em.execute(sql, params, 'run');
  await run(`SET LOCAL statement_timeout = 0`);
  await run(`SET LOCAL lock_timeout = '60s'`);
  await run(`SET LOCAL idle_in_transaction_session_timeout = '5min'`);
  // Waits for the handlers at work; what they have done is then there to be read.
  await run('LOCK TABLE inbox_event IN SHARE ROW EXCLUSIVE MODE');
  const [parked] = await em.execute<{ count: string }[]>(
    'SELECT count(*) AS count FROM dead_letter WHERE topic = ?',
    [topic],
  );
  if (Number(parked?.count) > 0) throw new LettersInTheWay(topic, Number(parked?.count));

  const before = new Map<string, Summary>();
  for (const table of tables) {
    await run(`CREATE TEMPORARY TABLE "was ${table}" ON COMMIT DROP AS TABLE "${table}"`);
    before.set(table, await summary(em, table));
  }
  await run('DELETE FROM inbox_event WHERE type = ANY(?)', [`{${typesOn(topic).join(',')}}`]);
  // Versions of an aggregate begin with 1: a row of version 0 is the service's own, a place kept for what may come.
  for (const table of tables) await run(`DELETE FROM "${table}" WHERE version > 0`);

  let handled = 0;
  for await (const batch of read()) {
    for (const event of batch) await consumer.handleAnew(em, event);
    handled += batch.length;
    onProgress?.(handled);
  }
  const rebuilt: RebuiltTable[] = [];
  for (const table of tables) {
    const was = before.get(table) ?? { rows: 0, checksum: '' };
    const now = await summary(em, table);
    rebuilt.push({
      table,
      rowsBefore: was.rows,
      rowsAfter: now.rows,
      onlyBefore: await missing(em, `was ${table}`, table),
      onlyAfter: await missing(em, table, `was ${table}`),
      checksumBefore: was.checksum,
      checksumAfter: now.checksum,
    });
  }
  return { events: handled, tables: rebuilt };
}

function typesOn(topic: string): string[] {
  const [service = ''] = topic.split('.');
  return (Object.keys(contracts) as EventType[]).filter((type) => topicOf(type, service) === topic);
}

interface Summary {
  rows: number;
  checksum: string;
}

/** One number for all rows: the sum of the rows' hashes, so that it costs no sort. */
async function summary(em: EntityManager, table: string): Promise<Summary> {
  const [row] = await em.execute<{ rows: string; sum: string }[]>(
    `SELECT count(*) AS rows, coalesce(sum(hashtextextended(t::text, 0)::numeric), 0)::text AS sum FROM "${table}" t`,
  );
  return {
    rows: Number(row?.rows),
    checksum: BigInt.asUintN(64, BigInt(row?.sum ?? 0))
      .toString(16)
      .padStart(16, '0'),
  };
}

async function missing(em: EntityManager, here: string, there: string): Promise<number> {
  const [row] = await em.execute<{ count: string }[]>(
    `SELECT count(*) AS count FROM (SELECT t::text FROM "${here}" t EXCEPT ALL SELECT t::text FROM "${there}" t) it`,
  );
  return Number(row?.count);
}
