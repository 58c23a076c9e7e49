import type { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { Clock } from '@roost/platform';
import { compareDates, type DateRange, localDate } from '@roost/stay';
import { CalendarPublisher } from '../calendar/calendar-publisher.service.js';
import { lockLinks, markDirty } from '../calendar/calendar.queries.js';
import { importedNights } from '../calendar/domain/imported-nights.js';
import { writeImported } from '../calendar/imported-entries.js';
import { lockImports } from '../calendar/imported-entries.queries.js';
import { rejectStaleHolds } from '../calendar/stale-holds.port.js';
import type { EventState } from './domain/echo.js';
import type { FeedContent, FeedEvent } from './domain/feed-events.js';
import { nextPoll } from './domain/poll-time.js';
import { mayBeOneOf, withKeptNights } from './domain/unreadable-events.js';
import { FeedAnnouncer } from './feed-announcer.service.js';
import type { NewContent, ReadResult } from './feed-content.service.js';
import { statesOf } from './feed-event-states.js';
import { eventsOf, replaceEvents, storedKey, uidKey, uidKeyOf } from './feed-event.queries.js';
import { type LogCounts, writeLog } from './feed-log.queries.js';
import type { FeedProblem } from './feed.dto.js';
import {
  type ClaimedFeed,
  lockClaimed,
  scheduleNextPoll,
  storeFailure,
  storeReadState,
  storeSuccess,
} from './feed.queries.js';

/** A claimed feed, the transaction that has locked it, and the domain time. */
interface ImportStep {
  em: EntityManager;
  feed: ClaimedFeed;
  now: Date;
}

interface Success {
  outcome: 'imported' | 'unchanged';
  /** Of a feed that was imported in part. */
  problem: FeedProblem | null;
  counts: LogCounts;
  clashes: DateRange[];
}

const NO_CHANGES: LogCounts = { added: 0, moved: 0, removed: 0, echoes: 0, ignored: {} };

/** Applies the result of a read to the calendar, the feed and its log. After a failure the imported nights do not change. */
@Injectable()
export class FeedImportService {
  constructor(
    private readonly publisher: CalendarPublisher,
    private readonly announcer: FeedAnnouncer,
    private readonly clock: Clock,
  ) {}

  /**
   * The lock of imports comes first, then the feed, then the links: all transactions that write imported nights take them
   * in this order.
   */
  async apply(em: EntityManager, feed: ClaimedFeed, result: ReadResult): Promise<void> {
    await lockImports(em, feed.calendarListingId);
    if (!(await lockClaimed(em, feed))) return;
    const step = { em, feed, now: this.clock.now() };
    if (result.kind === 'content') await this.applyContent(step, result);
    else if (result.kind === 'failed') await this.fail(step, result.problem, result.status);
    else await this.succeed(step, { outcome: 'unchanged', problem: null, counts: NO_CHANGES, clashes: [] });
  }

  private async applyContent(step: ImportStep, read: NewContent): Promise<void> {
    const { em, feed, now } = step;
    const { content, validators, timeZone } = read;
    const today = localDate(now, timeZone);
    const before = await eventsOf(em, feed.id);
    const hadEvents = before.some(({ to }) => compareDates(to, today) > 0);
    if (content.empty && hadEvents && !feed.emptySeen) return await this.fail(step, 'suddenly_empty');

    const isUnreadable = unreadableIn(content);
    const events = withKeptNights(
      before,
      content.events.map((event) => ({ ...event, key: storedKey(event.key) })),
      { isUnreadable, today },
    );
    const { added, moved, removed } = difference(before, events);
    await replaceEvents(em, feed.id, removed, [...added, ...moved]);
    const { changed, echoes, clashes } = await this.writeNights(step, events, today);
    const counts: LogCounts = {
      added: added.length,
      moved: moved.length,
      removed: removed.length,
      echoes,
      ignored: content.ignored,
    };
    const isNew = added.length + moved.length + removed.length > 0 || feed.importedAt === null;
    const isReadable = content.unreadable.size + content.unreadableWithoutUid.length === 0;
    await this.succeed(step, {
      outcome: isNew || changed ? 'imported' : 'unchanged',
      problem: isReadable ? null : 'unreadable_dates',
      counts,
      clashes,
    });
    // Without validators the next check reads the file again, and shows the problem until it is gone.
    const known = isReadable ? validators : { etag: null, lastModified: null };
    await storeReadState(em, feed.id, { ...known, timeZone, at: now });
  }

  private async writeNights(
    { em, feed, now }: ImportStep,
    events: readonly FeedEvent[],
    today: string,
  ): Promise<{ changed: boolean; echoes: number; clashes: DateRange[] }> {
    const { calendarListingId, ownerId } = feed;
    await lockLinks(em, calendarListingId);
    const foreign = events.filter(({ own }) => !own);
    await rejectStaleHolds(em, calendarListingId, foreign, now);
    const { states, stays } = await statesOf(em, calendarListingId, today, events);
    const inState = (state: EventState) => events.filter((event) => states.get(event) === state);
    const echoes = inState('echo');
    // Of an echo, only the nights of stays are imported: they are blocked after the stay has released them.
    const echoed = importedNights(
      echoes.filter(({ own }) => !own),
      stays,
    ).covered;
    const clashes = inState('clash');
    const unavailable = [...inState('blocking'), ...clashes, ...echoed];
    const { changed } = await writeImported(em, ownerId, calendarListingId, unavailable);
    if (changed) {
      await markDirty(em, calendarListingId);
      this.publisher.publishAfterCommit();
    }
    return { changed, echoes: echoes.length, clashes: clashes.map(({ from, to }) => ({ from, to })) };
  }

  /** A poll without changes is not logged, unless the previous check had another problem. */
  private async succeed({ em, feed, now }: ImportStep, success: Success): Promise<void> {
    const { outcome, problem, counts, clashes } = success;
    const { cause } = feed;
    if (outcome === 'imported' || cause === 'host' || feed.problem !== problem) {
      await writeLog(em, feed.id, {
        at: now,
        cause,
        outcome,
        problem,
        status: null,
        counts,
        clashes,
      });
    }
    await storeSuccess(em, feed.id, problem, now);
    await this.announcer.announce(em, feed, problem);
    await scheduleNextPoll(em, feed.id, nextPoll(now, 0, Math.random()));
  }

  private async fail(
    { em, feed, now }: ImportStep,
    problem: FeedProblem,
    status: number | null = null,
  ): Promise<void> {
    const { cause } = feed;
    const outcome = 'failed';
    await writeLog(em, feed.id, { at: now, cause, outcome, problem, status, counts: null, clashes: [] });
    const failures = feed.failures + 1;
    const emptySeen = problem === 'suddenly_empty';
    await storeFailure(em, feed.id, { failures, problem, emptySeen, at: now });
    await this.announcer.announce(em, feed, problem);
    // An empty file may be correct, so it is checked again without a longer pause.
    await scheduleNextPoll(em, feed.id, nextPoll(now, emptySeen ? 0 : failures, Math.random()));
  }
}

/** Recognizes the stored events of which a date or a rule can't be read now. */
function unreadableIn({ unreadable, unreadableWithoutUid }: FeedContent): (event: FeedEvent) => boolean {
  const uidKeys = new Set([...unreadable].map(uidKey));
  const withoutUid = uidKey('');
  const mayBeUnreadable = mayBeOneOf(unreadableWithoutUid);
  return (event) => {
    const key = uidKeyOf(event.key);
    return uidKeys.has(key) || (key === withoutUid && mayBeUnreadable(event));
  };
}

function difference(before: readonly FeedEvent[], after: readonly FeedEvent[]) {
  const previous = new Map(before.map((event) => [event.key, event]));
  const keys = new Set(after.map(({ key }) => key));
  return {
    added: after.filter(({ key }) => !previous.has(key)),
    moved: after.filter((event) => {
      const old = previous.get(event.key);
      return old !== undefined && (old.from !== event.from || old.to !== event.to || old.own !== event.own);
    }),
    removed: before.map(({ key }) => key).filter((key) => !keys.has(key)),
  };
}
