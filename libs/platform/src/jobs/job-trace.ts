import { activeTraceparent, parseTraceparent, SpanKind, type Tracing } from '@roost/tracing';

/** The field of a job's data that links the job to a trace. */
export interface TracedJobData {
  traceparent?: string;
}

/** The data of a new job, with the `traceparent` of the active trace, if any. */
export function withTraceparent<T extends object>(data: T): T & TracedJobData {
  const traceparent = activeTraceparent();
  return traceparent === undefined ? data : { ...data, traceparent };
}

/** Runs a job as a span of the trace in which the job was added. */
export function runTracedJob<T>(
  tracing: Tracing,
  job: { name: string; attemptsMade: number; data: TracedJobData },
  work: () => Promise<T>,
): Promise<T> {
  return tracing.run(
    `job ${job.name}`,
    {
      kind: SpanKind.CONSUMER,
      parent: parseTraceparent(job.data.traceparent),
      attributes: { 'messaging.system': 'bull', 'roost.job': job.name, 'roost.tries': job.attemptsMade + 1 },
    },
    work,
  );
}
