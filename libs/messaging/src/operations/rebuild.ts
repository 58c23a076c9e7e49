import type { EntityManager } from '@mikro-orm/postgresql';
import { events as contracts, type EventType, topicOf } from '@roost/contracts';
import type { EventEnvelope } from '../envelope.js';
import type { EventConsumer } from '../event-consumer.js';
import type { Transactions } from '../transactions.js';
import {
  allowLongTransaction,
  compareWithCopy,
  copyTable,
  countDeadLettersOf,
  deleteInboxRows,
  deleteMirroredRows,
  lockInbox,
  summarizeTable,
  type TableSummary,
} from './rebuild.queries.js';

export interface RebuildOptions {
  /** A state topic that the service listens to. */
  topic: string;
  /** The tables that the events of this topic fill, and nothing else. */
  tables: readonly string[];
  /** Reads all events of the topic, from the start to its present end. Called again if the transaction is retried. */
  read(): AsyncIterable<readonly EventEnvelope[]>;
  /** `false`: rolls back and only reports the differences. */
  keep: boolean;
  /** Called with the number of events handled so far. */
  onProgress?(events: number): void;
}

export interface RebuiltTable {
  readonly table: string;
  readonly rowsBefore: number;
  readonly rowsAfter: number;
  /** Rows that the rebuild removed or changed. */
  readonly onlyBefore: number;
  /** Rows that the rebuild added or changed. */
  readonly onlyAfter: number;
  /** Of all rows, independent of their order. */
  readonly checksumBefore: string;
  readonly checksumAfter: string;
}

export interface Rebuilt {
  readonly events: number;
  readonly tables: readonly RebuiltTable[];
}

/** The topic has dead letters, so a rebuild is rejected: it would handle newer events before them. */
export class BlockedByDeadLetters extends Error {
  override readonly name = 'BlockedByDeadLetters';
  constructor(
    topic: string,
    readonly deadLetters: number,
  ) {
    super(`${deadLetters} dead letters of ${topic} block the rebuild`);
  }
}

/** Rolls back a rebuild that is not to be kept. */
class DryRunEnd extends Error {}

/**
 * Empties the projections of a state topic, deletes its inbox rows and handles all its events again, in one transaction:
 * readers see the old rows until the commit, and a crash leaves them unchanged. Other processes of the service keep
 * running; only their event handlers wait for the inbox, and retry. Throws BlockedByDeadLetters if the topic has dead letters.
 */
export async function rebuild(
  transactions: Transactions,
  consumer: EventConsumer,
  options: RebuildOptions,
): Promise<Rebuilt> {
  let rebuilt: Rebuilt = { events: 0, tables: [] };
  try {
    await transactions.begin(
      async (em) => {
        rebuilt = await rebuildInTransaction(em, consumer, options);
        if (!options.keep) throw new DryRunEnd();
      },
      { isolation: 'read committed' },
    );
  } catch (error) {
    if (!(error instanceof DryRunEnd)) throw error;
  }
  return rebuilt;
}

async function rebuildInTransaction(
  em: EntityManager,
  consumer: EventConsumer,
  { topic, tables, read, onProgress }: RebuildOptions,
): Promise<Rebuilt> {
  await allowLongTransaction(em);
  await lockInbox(em);
  const deadLetters = await countDeadLettersOf(em, topic);
  if (deadLetters > 0) throw new BlockedByDeadLetters(topic, deadLetters);

  const summaries = new Map<string, TableSummary>();
  for (const table of tables) {
    await copyTable(em, table);
    summaries.set(table, await summarizeTable(em, table));
  }
  await deleteInboxRows(em, typesOn(topic));
  for (const table of tables) await deleteMirroredRows(em, table);

  let handled = 0;
  for await (const batch of read()) {
    for (const event of batch) await consumer.handleAnew(em, event);
    handled += batch.length;
    onProgress?.(handled);
  }
  const rebuilt: RebuiltTable[] = [];
  for (const table of tables) {
    const before = summaries.get(table) ?? { rows: 0, checksum: '' };
    const after = await summarizeTable(em, table);
    rebuilt.push({
      table,
      rowsBefore: before.rows,
      rowsAfter: after.rows,
      ...(await compareWithCopy(em, table)),
      checksumBefore: before.checksum,
      checksumAfter: after.checksum,
    });
  }
  return { events: handled, tables: rebuilt };
}

function typesOn(topic: string): string[] {
  const [service = ''] = topic.split('.');
  return (Object.keys(contracts) as EventType[]).filter((type) => topicOf(type, service) === topic);
}
