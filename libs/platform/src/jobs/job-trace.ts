import { activeTraceparent, parseTraceparent, SpanKind, type Tracing } from '@roost/tracing';

/** What a job that belongs to a trace carries beside its own data. */
export interface TracedJobData {
  traceparent?: string;
}

/** The data of a job that is added here, with the trace that it belongs to. */
export function inTrace<T extends object>(data: T): T & TracedJobData {
  const traceparent = activeTraceparent();
  return traceparent === undefined ? data : { ...data, traceparent };
}

/** Runs a job in the trace of whoever added it. */
export function runJob<T>(
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
