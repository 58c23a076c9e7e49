import { randomUUID } from 'node:crypto';
import { context } from '@opentelemetry/api';
import type { SpanExporter } from '@opentelemetry/sdk-trace';
import { Tracing } from './tracing.js';

export interface TracingOptions {
  service: string;
  environment: string;
  /** The URL of an OTLP/HTTP collector, without `/v1/traces`. Undefined: tracing is off. */
  endpoint: string | undefined;
  /** HTTP headers such as the collector's API key: `name=value,…`, the format of OTEL_EXPORTER_OTLP_HEADERS. */
  headers?: string | undefined;
  /** The sampled share of traces that start in this service, from 0 to 1. For other traces the caller has decided. */
  share: number;
  /** Milliseconds between two requests to the collector. */
  sendEveryMs: number;
  logger: {
    info(fields: object, message: string): void;
    warn(fields: object, message: string): void;
  };
  /** Called with the number of spans that were sent or lost. */
  count?: (outcome: 'sent' | 'lost', spans: number) => void;
}

/** The maximum of queued spans; further spans are dropped, so that memory stays bounded. */
const QUEUE_LIMIT = 4096;
const BATCH = 512;
const SENT_WITHIN_MS = 10_000;
const SHUTDOWN_WITHIN_MS = 2_000;

/** Loads the OpenTelemetry libraries, only if there is a collector. */
export async function startTracing(options: TracingOptions): Promise<Tracing> {
  if (options.endpoint === undefined) return Tracing.off;
  const [sdk, { resourceFromAttributes }, { OTLPTraceExporter }, { AsyncLocalStorageContextManager }] =
    await Promise.all([
      import('@opentelemetry/sdk-trace'),
      import('@opentelemetry/resources'),
      import('@opentelemetry/exporter-trace-otlp-proto'),
      import('@opentelemetry/context-async-hooks'),
    ]);
  // One per process: the call has no effect for a second service, which shares the first one's context.
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const exporter = new OTLPTraceExporter({
    url: `${options.endpoint.replace(/\/+$/, '')}/v1/traces`,
    headers: parseHeaders(options.headers),
    timeoutMillis: SENT_WITHIN_MS,
  });
  const provider = new sdk.TracerProvider({
    resource: resourceFromAttributes({
      'service.name': options.service,
      'service.namespace': 'roost',
      'service.instance.id': randomUUID(),
      'deployment.environment.name': options.environment,
    }),
    sampler: new sdk.ParentBasedSampler({ root: new sdk.TraceIdRatioBasedSampler(options.share) }),
    spanLimits: {
      attributeValueLengthLimit: 200,
      attributeCountLimit: 32,
      eventCountLimit: 8,
      linkCountLimit: 8,
    },
    spanProcessors: [
      new sdk.BatchSpanProcessor({
        exporter: new LoggingExporter(exporter, options),
        maxQueueSize: QUEUE_LIMIT,
        maxExportBatchSize: BATCH,
        scheduledDelayMillis: options.sendEveryMs,
        exportTimeoutMillis: SENT_WITHIN_MS + 1_000,
      }),
    ],
  });
  return new Tracing(provider.getTracer('roost'), () => withinShutdownTime(provider.shutdown()));
}

/** Logs once when the collector becomes unavailable, and once when it is available again. The service is not affected. */
class LoggingExporter implements SpanExporter {
  #unavailable = false;

  constructor(
    private readonly exporter: SpanExporter,
    private readonly options: TracingOptions,
  ) {}

  export(...[spans, done]: Parameters<SpanExporter['export']>): void {
    this.exporter.export(spans, (result) => {
      const lost = result.error !== undefined;
      this.options.count?.(lost ? 'lost' : 'sent', spans.length);
      if (lost !== this.#unavailable) this.#log(lost, result.error);
      this.#unavailable = lost;
      done(result);
    });
  }

  shutdown(): Promise<void> {
    return this.exporter.shutdown();
  }

  forceFlush(): Promise<void> {
    return this.exporter.forceFlush?.() ?? Promise.resolve();
  }

  #log(lost: boolean, error: Error | undefined): void {
    const { endpoint, logger } = this.options;
    const collector = new URL(endpoint ?? '').host;
    if (!lost) return logger.info({ collector }, 'collector available; sending spans again');
    const { code } = (error ?? {}) as { code?: unknown };
    logger.warn(
      { collector, reason: code ?? error?.message },
      'collector unavailable; spans are discarded until it responds',
    );
  }
}

/** `name=value,other=value`; values may be percent-encoded. */
function parseHeaders(text: string | undefined): Record<string, string> {
  const pairs = (text ?? '').split(',').flatMap((pair) => {
    const at = pair.indexOf('=');
    return at < 1 ? [] : [[pair.slice(0, at).trim(), decodeURIComponent(pair.slice(at + 1).trim())]];
  });
  return Object.fromEntries(pairs) as Record<string, string>;
}

/** Waits for the shutdown, but not for a collector that does not respond. */
async function withinShutdownTime(shutdown: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, SHUTDOWN_WITHIN_MS);
  });
  // The exporter logs its errors.
  await Promise.race([shutdown.catch(() => undefined), timeout]);
  clearTimeout(timer);
}
