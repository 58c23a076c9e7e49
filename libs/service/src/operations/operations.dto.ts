import { ReasonText } from '@roost/audit';
import { FilterText, Instant, Page, Uuid } from '@roost/http';
import { MAX_OUTBOX_COUNT } from '@roost/messaging';
import { z } from 'zod';

/** The gateway forwards the request to the service that this query parameter names: each accepts its own name only. */
export const serviceParameter = (service: string) => ({
  service: z
    .enum([service], { error: 'Must be the name of a service, such as bookings' })
    .meta({ description: 'The service whose database and queue are meant.' }),
});

export const deadLetterFilters = {
  topic: FilterText(200).optional().meta({ description: 'Of this topic, such as `bookings.booking`.' }),
  key: FilterText(300).optional().meta({ description: 'Of this key: the id of an aggregate.' }),
  type: FilterText(200).optional().meta({ description: 'Of this event type, such as `booking.confirmed`.' }),
  code: FilterText(200).optional().meta({ description: 'That failed with this error code.' }),
  from: Instant.optional().meta({ description: 'Parked at or after this instant.' }),
  to: Instant.optional().meta({ description: 'Parked before this instant.' }),
};

const reason = ReasonText.meta({ description: 'An internal note for the audit log.' });

const all = z.literal(true).optional().meta({ description: 'All of them. Required if no filter is given.' });

const selectsSome = ({ reason: _, ...selection }: Record<string, unknown>): boolean =>
  Object.values(selection).some((value) => value !== undefined);

const SELECTION = { path: ['all'], error: 'Required if no filter is given' };

export const RedriveDeadLetters = z
  .strictObject({ ...deadLetterFilters, all, reason })
  .refine(selectsSome, SELECTION)
  .meta({ id: 'RedriveDeadLetters' });
export type RedriveDeadLetters = z.output<typeof RedriveDeadLetters>;

export const DeadLetterView = z
  .object({
    id: Uuid.meta({ description: 'The id of the event.' }),
    service: z.string().meta({ description: 'The service that could not handle the event.' }),
    type: z.string(),
    topic: z.string(),
    key: z.string(),
    state: z.enum(['failed', 'waiting', 'redriving']).meta({
      description:
        '`failed`: its handler failed. `waiting`: an earlier event of its key is a dead letter. `redriving`: the service is about to handle it again.',
    }),
    code: z
      .string()
      .nullable()
      .meta({ description: 'The error code; null if the event has not failed itself.' }),
    tries: z.int(),
    occurredAt: Instant,
    parkedAt: Instant,
  })
  .meta({ id: 'DeadLetter' });
export type DeadLetterView = z.output<typeof DeadLetterView>;

export const DeadLetterPage = Page(DeadLetterView);

export const DeadLetterDetails = DeadLetterView.extend({
  detail: z.string().nullable().meta({ description: 'The first line of the error.' }),
  source: z.string(),
  aggregateVersion: z.int().nullable(),
  schemaVersion: z.int(),
  traceparent: z.string().nullable(),
  body: z.unknown().meta({
    description: 'The body of the event, which may contain personal data. A text if it is not JSON.',
  }),
}).meta({ id: 'DeadLetterDetails' });
export type DeadLetterDetails = z.output<typeof DeadLetterDetails>;

export const MarkedDeadLetters = z
  .object({
    marked: z.int().meta({ description: 'The dead letters that will be handled again: all of each key.' }),
  })
  .meta({ id: 'MarkedDeadLetters' });
export type MarkedDeadLetters = z.output<typeof MarkedDeadLetters>;

const BOUNDED = `At most ${MAX_OUTBOX_COUNT}: this number means that there may be more.`;

export const OutboxStatusView = z
  .object({
    service: z.string(),
    events: z.int().meta({ description: `The retained events. ${BOUNDED}` }),
    refused: z
      .int()
      .meta({ description: `Events that the broker refused and that wait for an operator. ${BOUNDED}` }),
    relayActive: z.boolean().meta({ description: 'Whether a process publishes the events of this service.' }),
    sinks: z.array(
      z.object({
        sink: z.string().meta({ description: 'The listening service, or `kafka`.' }),
        behind: z.int().meta({ description: `The events that it has not processed yet. ${BOUNDED}` }),
        oldestSeconds: z.number().nullable().meta({ description: 'The age of the oldest of them.' }),
        movedAt: Instant,
      }),
    ),
  })
  .meta({ id: 'OutboxStatus' });
export type OutboxStatusView = z.output<typeof OutboxStatusView>;

export const RefusedEventView = z
  .object({
    id: Uuid,
    service: z.string().meta({ description: 'The service that publishes the event.' }),
    type: z.string(),
    topic: z.string(),
    key: z.string(),
    code: z.string().meta({ description: 'The error code of the broker.' }),
    bytes: z.int(),
    refusedAt: Instant,
  })
  .meta({ id: 'RefusedEvent' });
export type RefusedEventView = z.output<typeof RefusedEventView>;

export const RefusedEventPage = Page(RefusedEventView);

export const ResendRefused = z
  .strictObject({ type: deadLetterFilters.type, all, reason })
  .refine(selectsSome, SELECTION)
  .meta({ id: 'ResendRefusedEvents' });
export type ResendRefused = z.output<typeof ResendRefused>;

export const ResentEvents = z.object({ resent: z.int() }).meta({ id: 'ResentEvents' });
export type ResentEvents = z.output<typeof ResentEvents>;

/** Bull numbers jobs; the jobs of a repetition have names. */
export const JobId = z.string().regex(/^[\w:.-]{1,200}$/, { error: 'Must be the id of a job' });

export const FailedJobView = z
  .object({
    id: z.string(),
    name: z.string(),
    error: z.string().meta({ description: 'The first line of the error, without email addresses.' }),
    attempts: z.int(),
    ids: z.record(z.string(), Uuid).meta({
      description: 'The ids in the data of the job. Its other data is not shown: it may be personal.',
    }),
    addedAt: Instant,
    failedAt: Instant,
  })
  .meta({ id: 'FailedJob' });
export type FailedJobView = z.output<typeof FailedJobView>;

export const JobsView = z
  .object({
    queue: z.object({
      name: z.string(),
      waiting: z.int(),
      active: z.int(),
      delayed: z.int().meta({ description: 'Including repeated jobs until they are due.' }),
      failed: z.int(),
    }),
    data: z
      .array(FailedJobView)
      .meta({ description: 'The failed jobs, newest first. The newest 100 are kept.' }),
    nextCursor: z.string().nullable(),
  })
  .meta({ id: 'Jobs' });
export type JobsView = z.output<typeof JobsView>;
