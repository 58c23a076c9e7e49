import type { EntityManager } from '@mikro-orm/postgresql';
import type { DateRange, IsoDate } from '@roost/stay';
import { nightsToExport } from '../calendar/occupied-nights.queries.js';
import { type EventState, stateOf } from './domain/echo.js';
import type { FeedEvent } from './domain/feed-events.js';

/** The state of each event by the current stays and our current export of the listing. */
export async function statesOf(
  em: EntityManager,
  calendarListingId: number,
  today: IsoDate,
  events: readonly FeedEvent[],
): Promise<{ states: Map<FeedEvent, EventState>; stays: DateRange[] }> {
  const own = await nightsToExport(em, calendarListingId, today, false);
  const stays = own.filter(({ kind }) => kind === 'stay');
  const exported = own.filter(({ kind }) => kind !== 'import');
  return { states: new Map(events.map((event) => [event, stateOf(event, stays, exported)])), stays };
}
