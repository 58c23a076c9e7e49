import { Instant, Page, PageQuery, RequiredText, Uuid } from '@roost/http';
import { z } from 'zod';
import { StayDate } from '../terms/stay.dto.js';
import { MAX_URL_LENGTH } from './domain/feed-url.js';

const fields = {
  url: z
    .string()
    .trim()
    .min(1)
    .max(MAX_URL_LENGTH, { error: `Must have at most ${MAX_URL_LENGTH} characters` })
    .meta({ description: 'The export URL of the other calendar: http, https or webcal' }),
  name: RequiredText(100),
};

export const CreateFeed = z.strictObject(fields).meta({ id: 'CreateFeed' });
export type CreateFeed = z.output<typeof CreateFeed>;

export const EditFeed = z.strictObject(fields).partial().meta({
  id: 'EditFeed',
  description:
    'Omitted fields do not change. A new URL is read at once; until then, the nights of the previous one remain blocked.',
});
export type EditFeed = z.output<typeof EditFeed>;

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
    'unreadable_dates',
  ])
  .meta({ id: 'FeedProblem' });
export type FeedProblem = z.output<typeof FeedProblem>;

export const FeedNights = z.object({ from: StayDate, to: StayDate }).meta({ id: 'FeedNights' });

export const Feed = z
  .object({
    id: Uuid,
    listingId: Uuid,
    name: z.string(),
    url: z.string().meta({ description: 'The server only; the rest of the URL is a secret' }),
    status: z.enum(['new', 'ok', 'failing']),
    problem: FeedProblem.nullable().meta({
      description:
        'Why the last check failed; the nights of the last successful check remain blocked. With unreadable_dates, events whose dates can not be read keep the nights that they had, and the others are imported.',
    }),
    failures: z.int().meta({ description: 'The number of consecutive failed checks' }),
    events: z.int().meta({ description: 'The number of events that block nights from today on' }),
    clashes: z.array(FeedNights).meta({
      description:
        'Events that overlap a stay and do not come from our own export of it. Their nights without a stay are blocked.',
    }),
    checkedAt: Instant.nullable(),
    importedAt: Instant.nullable().meta({ description: 'The last successful check' }),
    nextCheckAt: Instant,
    createdAt: Instant,
  })
  .meta({
    id: 'CalendarFeed',
    description: 'A calendar of another marketplace whose nights are blocked here',
  });
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
    echoes: Count.meta({ description: 'Events that come from our own export' }),
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
      .meta({ description: 'Events of the feed that block no nights, with the reason' }),
  })
  .meta({ id: 'FeedLogEntry' });
export type FeedLogEntry = z.output<typeof FeedLogEntry>;

export const ListFeedLog = z.strictObject(PageQuery).meta({ id: 'ListFeedLog' });
export type ListFeedLog = z.output<typeof ListFeedLog>;
export const FeedLog = Page(FeedLogEntry);
