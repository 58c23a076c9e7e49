import { EntityManager } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import type { AuthUser } from '@roost/http';
import { type EventMeta, Transactions } from '@roost/messaging';
import { LOGGER, Metrics, Problem, SystemClock } from '@roost/platform';
import type { Logger } from 'pino';
import type { Gauge } from 'prom-client';
import { SessionService } from '../session/session.service.js';
import {
  formatEvent,
  formatPosition,
  resumablePosition,
  type StreamPosition,
} from './domain/event-stream.js';
import { findLiveEvents, insertLiveEvent, lastSequence, lastSequenceOf } from './live-event.queries.js';
import { StreamSignal } from '../stream-signal/stream-signal.js';

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
  /** Aborted when the client disconnects or the service stops. */
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
      const resumed = await this.resume(lastEventId);
      let sequence = resumed?.sequence ?? (await lastSequenceOf(this.em.fork(), user.id));
      yield `retry: ${RECONNECT_MS}\n\n`;
      if (!resumed) {
        const event = lastEventId === undefined ? 'ready' : 'resync';
        yield formatEvent({ event, position: { sequence, at: this.clock.now() }, data: {} });
      }
      while (!signal.aborted) {
        const events = await findLiveEvents(this.em.fork(), user.id, { after: sequence, limit: BATCH });
        if (events.length > 0) {
          await authorize();
          yield events
            .map(({ type, data, ...event }) =>
              formatEvent({ event: type, position: { sequence: event.sequence, at: event.createdAt }, data }),
            )
            .join('');
          sequence = events.at(-1)?.sequence ?? sequence;
        } else {
          const isSignalled = await signals.next(HEARTBEAT_MS, signal);
          if (signal.aborted) break;
          // The signal may be of the end of the session.
          await authorize();
          if (!isSignalled) yield formatPosition({ sequence, at: this.clock.now() });
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

  /** The position of a client's last id. Null if events after it may be missing, or if it is not of this database. */
  private async resume(lastEventId: string | undefined): Promise<StreamPosition | null> {
    const position = lastEventId === undefined ? null : resumablePosition(lastEventId, this.clock.now());
    if (!position) return null;
    return position.sequence > (await lastSequence(this.em.fork())) ? null : position;
  }
}
