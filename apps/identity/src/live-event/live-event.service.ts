import { EntityManager } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import type { AuthUser } from '@roost/http';
import { type EventMeta, Transactions } from '@roost/messaging';
import { LOGGER, Metrics, Problem, SystemClock } from '@roost/platform';
import type { Logger } from 'pino';
import type { Gauge } from 'prom-client';
import { SessionService } from '../session/session.service.js';
import { formatEvent, resumablePosition } from './domain/event-stream.js';
import { findLiveEvents, insertLiveEvent, lastSequenceOf } from './live-event.queries.js';
import { StreamSignal } from './stream-signal.js';

const BATCH = 100;
/** Below the time after which gateways and load balancers close an idle response. */
const HEARTBEAT_MS = 15_000;
/** When a client connects again after its stream ended. */
const RECONNECT_MS = 2_000;

export interface StreamOptions {
  user: AuthUser;
  lastEventId: string | undefined;
  /** Throws a Problem when the caller's token has expired. */
  verifyToken: () => unknown;
  /** Aborted when the client has gone or the service stops. */
  signal: AbortSignal;
}

/** The changes of the bookings and messages of a user, kept for a day and sent as server-sent events. */
@Injectable()
export class LiveEventService {
  private readonly open: Gauge;

  constructor(
    private readonly em: EntityManager,
    private readonly transactions: Transactions,
    private readonly sessions: SessionService,
    private readonly signal: StreamSignal,
    private readonly clock: SystemClock,
    @Inject(LOGGER) private readonly logger: Logger,
    metrics: Metrics,
  ) {
    this.open = metrics.gauge('roost_event_streams', 'Open streams of GET /v1/me/events');
  }

  /** Adds an event to the streams of users. */
  async record(userIds: readonly string[], meta: EventMeta, data: object): Promise<void> {
    const now = this.clock.now();
    await this.transactions.run(async (em) => {
      await insertLiveEvent(em, { userIds, eventId: meta.id, type: meta.type, data, now });
      this.transactions.afterCommit(() => this.signal.send(userIds));
    });
  }

  /** The text of a stream, until its caller is not authorized any more or the signal is aborted. */
  async *stream({ user, lastEventId, verifyToken, signal }: StreamOptions): AsyncGenerator<string> {
    const authorize = async () => {
      await verifyToken();
      await this.sessions.requireUser(user, this.em.fork());
    };
    const signals = this.signal.listen(user.id);
    this.open.inc();
    try {
      let sequence: number;
      const resumed = lastEventId ? resumablePosition(lastEventId, this.clock.now()) : null;
      if (resumed) {
        sequence = resumed.sequence;
        yield `retry: ${RECONNECT_MS}\n\n`;
      } else {
        sequence = await lastSequenceOf(this.em.fork(), user.id);
        const event = lastEventId ? 'resync' : 'ready';
        yield `retry: ${RECONNECT_MS}\n\n${this.format({ sequence, type: event, data: {} })}`;
      }
      while (!signal.aborted) {
        const events = await findLiveEvents(this.em.fork(), user.id, { after: sequence, limit: BATCH });
        if (events.length > 0) {
          await authorize();
          yield events.map((event) => this.format(event)).join('');
          sequence = events.at(-1)?.sequence ?? sequence;
        } else if (!(await signals.next(HEARTBEAT_MS, signal))) {
          await authorize();
          yield ':\n\n';
        }
      }
    } catch (error) {
      // The status is sent: the client connects again, and gets the reason then.
      if (!(error instanceof Problem)) this.logger.warn({ err: error }, 'event stream ended');
    } finally {
      this.open.dec();
      signals.close();
    }
  }

  private format(event: { sequence: number; type: string; data: object }): string {
    const position = { sequence: event.sequence, sentAt: this.clock.now() };
    return formatEvent({ event: event.type, position, data: event.data });
  }
}
