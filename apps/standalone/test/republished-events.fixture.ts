import { eventually } from '@roost/testing';
import type { Installation } from './installation.fixture.js';
import { STATEFUL_SERVICES } from './operator.fixture.js';

const TIMEOUT = { seconds: 60 };

const INBOX = `SELECT event_id, handled_at FROM inbox_event
  WHERE $1::uuid[] IS NULL OR event_id = ANY ($1) ORDER BY event_id`;

/** Every event of a restored installation, which its start publishes again. Each map is by service. */
export class RepublishedEvents {
  private constructor(
    private readonly installation: Installation,
    private readonly sinks: ReadonlyMap<string, string[]>,
    /** The events that were handled before the start, with their times. */
    private readonly inboxes: ReadonlyMap<string, { event_id: string; handled_at: Date }[]>,
  ) {}

  /** Without Kafka, a restored relay continues at its cursors. Without these it publishes everything again, as with Kafka. */
  static async publish(installation: Installation, hasKafka: boolean): Promise<RepublishedEvents> {
    const { operator } = installation;
    const sinks = new Map<string, string[]>();
    const inboxes = new Map<string, { event_id: string; handled_at: Date }[]>();
    for (const service of STATEFUL_SERVICES) {
      const cursors = await operator.query<{ sink: string }>(
        service,
        hasKafka
          ? `SELECT 'kafka' AS sink FROM outbox_event LIMIT 1`
          : 'DELETE FROM outbox_cursor RETURNING sink',
      );
      if (cursors.length > 0) sinks.set(service, cursors.map(({ sink }) => sink).sort());
      inboxes.set(service, await operator.query(service, INBOX, [null]));
    }
    expect([...inboxes.values()].flat().length).toBeGreaterThan(0);
    return new RepublishedEvents(installation, sinks, inboxes);
  }

  /** Consumers have handled none a second time, and none is a dead letter. */
  async expectSkipped(): Promise<void> {
    const { operator } = this.installation;
    for (const [service, sinks] of this.sinks) {
      await eventually(async () => {
        const atEnd = await operator.query<{ sink: string }>(
          service,
          `SELECT sink FROM outbox_cursor c
           WHERE NOT EXISTS (SELECT FROM outbox_event e WHERE (e.xid, e.id) > (c.xid, c.id)) ORDER BY 1`,
        );
        expect(atEnd.map(({ sink }) => sink)).toEqual(sinks);
      }, TIMEOUT);
    }
    await eventually(async () => {
      const lags = await operator.json<{ behind: number }[]>('events', 'lag');
      expect(lags.filter(({ behind }) => behind > 0)).toEqual([]);
    }, TIMEOUT);
    for (const [service, before] of this.inboxes) {
      const now = await operator.query(service, INBOX, [before.map(({ event_id: id }) => id)]);
      expect(now).toEqual(before);
      expect(await operator.query(service, 'SELECT 1 FROM dead_letter')).toEqual([]);
    }
  }
}
