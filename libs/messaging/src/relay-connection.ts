import { Client } from 'pg';
import type { ClientConfig } from 'pg';
import {
  CURSORS,
  MARK_REFUSED,
  type OutboxRow,
  type Position,
  PRUNE_FACTS,
  PRUNE_INBOX,
  PRUNE_STATES,
  READ_OUTBOX,
  RELAY_LOCK,
  SAVE_CURSORS,
  SESSION_SETTINGS,
  START,
  type StoredEvent,
  toOutboxRow,
  TRY_LOCK,
} from './relay.queries.js';

/** An event that a sink can never deliver, and the error code. */
export interface Refusal {
  readonly position: Position;
  readonly code: string;
}

/**
 * The relay's own connection to its service's database. The session holds the relay's lock and runs every statement of the
 * relay: a relay that has lost the lock can't move a cursor.
 */
export class RelayConnection {
  readonly #client: Client;
  #failure: Error | undefined;
  /** How far the state events have been checked for replaced ones; then the check starts again. */
  #checked = START;

  constructor(
    config: ClientConfig,
    private readonly source: string,
  ) {
    this.#client = new Client({
      ...config,
      // pg's pool makes it non-enumerable, so a spread leaves it out.
      password: config.password,
      application_name: `${source.slice(1)} relay`,
      keepAlive: true,
      connectionTimeoutMillis: 10_000,
      query_timeout: 40_000,
    });
    this.#client.on('error', (error) => {
      this.#failure = error;
    });
  }

  /** Connects. Returns false if another process holds the relay's lock. */
  async open(): Promise<boolean> {
    await this.#client.connect();
    await this.#client.query(SESSION_SETTINGS);
    const { rows } = await this.#client.query<{ locked: boolean }>(TRY_LOCK, RELAY_LOCK);
    return rows[0]?.locked === true;
  }

  /** By the name of the sink. */
  async cursors(): Promise<Map<string, Position>> {
    const { rows } = await this.#client.query<{ sink: string; xid: string; id: string }>(CURSORS);
    return new Map(rows.map(({ sink, xid, id }) => [sink, { xid, id }]));
  }

  async read(after: Position, limit: number): Promise<OutboxRow[]> {
    if (this.#failure) throw this.#failure;
    const { rows } = await this.#client.query<StoredEvent>({
      ...READ_OUTBOX,
      values: [after.xid, after.id, limit],
    });
    return rows.map((row) => toOutboxRow(row, this.source));
  }

  async saveCursors(cursors: ReadonlyMap<string, Position>): Promise<void> {
    const entries = [...cursors];
    await this.#client.query({
      ...SAVE_CURSORS,
      values: [
        entries.map(([sink]) => sink),
        entries.map(([, position]) => position.xid),
        entries.map(([, position]) => position.id),
      ],
    });
  }

  async markRefused(refusals: readonly Refusal[]): Promise<void> {
    await this.#client.query({
      ...MARK_REFUSED,
      values: [
        refusals.map(({ position }) => position.xid),
        refusals.map(({ position }) => position.id),
        refusals.map(({ code }) => code),
      ],
    });
  }

  /**
   * Deletes expired facts and replaced state events, at most `limit` of each, and expired inbox rows. Returns the number of
   * deleted outbox rows.
   */
  async prune(retentionDays: number, limit: number): Promise<number> {
    const facts = await this.#client.query({ ...PRUNE_FACTS, values: [retentionDays, limit] });
    const { xid, id } = this.#checked;
    const states = await this.#client.query<Position & { pruned: number }>({
      ...PRUNE_STATES,
      values: [retentionDays, limit, xid, id],
    });
    const [last] = states.rows;
    this.#checked = last ? { xid: last.xid, id: last.id } : START;
    // Twice as long: an event at the end of its retention may still be redelivered.
    await this.#client.query({ ...PRUNE_INBOX, values: [retentionDays * 2, limit] });
    return (facts.rowCount ?? 0) + (last?.pruned ?? 0);
  }

  async close(): Promise<void> {
    await this.#client.end().catch(() => undefined);
  }
}
