import type { FeedProblem } from '../feed.dto.js';

/**
 * The problems that hosts are notified of: they last until the other calendar is mended, and meanwhile the nights of the
 * feed may differ from it. Others end by themselves, as a server that is down does.
 */
const ANNOUNCED: ReadonlySet<FeedProblem> = new Set(['unreadable_dates']);

/**
 * The announced problem of a feed after a check. It differs from the one before when the host has to be notified, and is
 * null after a check without a problem. A problem of another kind in between does not announce the same one again.
 */
export function announcedAfter(problem: FeedProblem | null, before: FeedProblem | null): FeedProblem | null {
  if (problem === null) return null;
  return ANNOUNCED.has(problem) ? problem : before;
}
