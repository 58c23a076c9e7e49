import { Instant, Page, PageQuery, Uuid } from '@roost/http';
import { z } from 'zod';
import { PlainText, StayDate } from '../terms/stay.dto.js';
import { LONGEST_URL } from './domain/feed-url.js';

export const CreateFeed = z
  .strictObject({
    url: z
      .string()
      .trim()
      .min(1)
      .max(LONGEST_URL, { error: `Must have at most ${LONGEST_URL} characters` })
      .meta({ description: 'Where the other calendar is exported; http, https or webcal' }),
    name: PlainText(100).min(1, { error: 'Must not be empty' }),
  })
  .meta({ id: 'CreateFeed' });
export type CreateFeed = z.output<typeof CreateFeed>;

export const FeedProblem = z
  .enum([
    'url_not_allowed',
    'unreachable',
    'timed_out',
    'too_large',
    'too_many_redirects',
    'http_error',
    'cut_short',
    'not_a_calendar',
    'truncated',
    'too_many_events',
    'suddenly_empty',
  ])
  .meta({ id: 'FeedProblem' });
export type FeedProblem = z.output<typeof FeedProblem>;

export const FeedNights = z.object({ from: StayDate, to: StayDate }).meta({ id: 'FeedNights' });

export const Feed = z
  .object({
    id: Uuid,
    listingId: Uuid,
    name: z.string(),
    url: z.string().meta({ description: 'Only the server: the rest is a secret' }),
    status: z.enum(['new', 'ok', 'failing']),
    problem: FeedProblem.nullable().meta({
      description: 'Why the last check failed. The nights of the last good one stay',
    }),
    failures: z.int().meta({ description: 'Checks that failed in a row' }),
    events: z.int().meta({ description: 'That take nights from today on' }),
    clashes: z.array(FeedNights).meta({
      description:
        'Events that overlap a stay here and are not its echo. The nights that no stay here has are blocked',
    }),
    checkedAt: Instant.nullable(),
    importedAt: Instant.nullable().meta({ description: 'The last good check' }),
    nextCheckAt: Instant,
    createdAt: Instant,
  })
  .meta({ id: 'CalendarFeed', description: 'A calendar elsewhere whose nights are not offered here' });
export type Feed = z.output<typeof Feed>;

export const Feeds = z.object({ data: z.array(Feed) }).meta({ id: 'CalendarFeeds' });
export type Feeds = z.output<typeof Feeds>;

const Count = z.int().min(0);
export const FeedLogEntry = z
  .object({
    at: Instant,
    cause: z.enum(['poll', 'host']),
    outcome: z.enum(['imported', 'unchanged', 'failed']),
    problem: FeedProblem.nullable(),
    httpStatus: z.int().nullable(),
    added: Count,
    moved: Count,
    removed: Count,
    echoes: Count.meta({ description: 'Our own export coming back' }),
    clashes: z.array(FeedNights),
    ignored: z
      .array(
        z
          .object({
            reason: z.enum([
              'cancelled',
              'transparent',
              'no_length',
              'unreadable_date',
              'unreadable_rule',
              'past',
              'too_far',
            ]),
            count: Count,
          })
          .meta({ id: 'IgnoredFeedEvents' }),
      )
      .meta({ description: 'Events of the feed that take no nights here, and why' }),
  })
  .meta({ id: 'FeedLogEntry' });
export type FeedLogEntry = z.output<typeof FeedLogEntry>;

export const ListFeedLog = z.strictObject(PageQuery).meta({ id: 'ListFeedLog' });
export type ListFeedLog = z.output<typeof ListFeedLog>;
export const FeedLog = Page(FeedLogEntry);
