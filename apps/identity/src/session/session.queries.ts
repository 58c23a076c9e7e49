import type { EntityManager } from '@mikro-orm/postgresql';
import { decodeCursor, page, type PageOf, Uuid } from '@roost/http';
import type { User } from '../account/user.entity.js';
import { Session } from './session.entity.js';

const activeSessionsOf = (user: User, now: Date) => ({
  userId: user.id,
  epoch: user.sessionEpoch,
  revokedAt: null,
  expiresAt: { $gt: now },
});

export const countSessions = (em: EntityManager, user: User, now: Date): Promise<number> =>
  em.count(Session, activeSessionsOf(user, now));

/** Returns the active sessions of a user, the latest log-in first. */
export async function findSessions(
  em: EntityManager,
  user: User,
  now: Date,
  query: { limit: number; cursor?: string | undefined },
): Promise<PageOf<Session>> {
  const after = decodeCursor(query.cursor, Uuid);
  const rows = await em.find(
    Session,
    {
      ...activeSessionsOf(user, now),
      ...(after === null ? {} : { id: { $lt: after } }),
    },
    { orderBy: { id: 'desc' }, limit: query.limit + 1 },
  );
  return page(rows, query.limit, (session) => session.id);
}
