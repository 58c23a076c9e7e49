import { z } from 'zod';
import { Code, Id, Instant, topic } from './define.js';

export const userEvents = topic(
  { topic: 'identity.user', kind: 'state', key: 'userId', personal: ['displayName'], last: 'completed' },
  {
    userId: Id,
    displayName: z.string(),
    locale: z.string(),
    roles: z.array(z.enum(['guest', 'host', 'admin'])),
    emailVerified: z.boolean(),
    status: z.enum(['active', 'suspended', 'erased']),
  },
  {
    'user.registered': {},
    'user.email-verified': {},
    'user.became-host': {},
    'user.profile-changed': {},
    'user.suspended': {},
    'user.reinstated': {},
    // Published twice: at the erasure, and with `completed` when all services have erased the user.
    'user.erased': { completed: z.boolean().optional() },
  },
);

export type UserEvent = keyof typeof userEvents;

/** For services that mirror users: a compacted topic retains only the last event of a user, which may be of any type. */
export const USER_EVENTS = Object.keys(userEvents) as [UserEvent, ...UserEvent[]];

export const sessionEvents = topic(
  { topic: 'identity.session', kind: 'fact', key: 'sessionId' },
  { sessionId: Id, userId: Id },
  {
    // Services reject the access tokens of the session until they have expired anyway.
    'session.ended': { reason: Code, tokensExpireAt: Instant },
  },
);

export const privacyRequests = topic(
  { topic: 'identity.privacy', kind: 'fact', key: 'userId' },
  { userId: Id, requestId: Id },
  { 'privacy.export-requested': {}, 'privacy.erasure-requested': {} },
);

export const privacyAnswers = topic(
  { topic: '<service>.privacy', kind: 'fact', key: 'userId' },
  { userId: Id, requestId: Id },
  { 'privacy.export-part-ready': { fileKey: z.string() }, 'privacy.erasure-completed': {} },
);
