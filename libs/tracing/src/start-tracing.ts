import { randomUUID } from 'node:crypto';
import { context } from '@opentelemetry/api';
import type { SpanExporter } from '@opentelemetry/sdk-trace';
import { Tracing } from './tracing.js';

export interface TracingOptions {
  service: string;
  environment: string;
  /** Where an OTLP/HTTP collector listens, without `/v1/traces`. Undefined: tracing is off. */
  endpoint: string | undefined;
  /** `name=value,…`, as the standard variable has it: a collector's key. */
  headers?: string | undefined;
  /** The share of traces that begin here and are kept, from 0 to 1. A trace that began elsewhere was decided upon there. */
  share: number;
  logger: {
    info(fields: object, message: string): void;
    warn(fields: object, message: string): void;
  };
  /** So many spans have been sent, or given up. */
  count?: (outcome: 'sent' | 'lost', spans: number) => void;
}

/** Spans that wait for the collector; what comes on top is dropped, so that memory stays as it is. */
const MOST_WAITING = 4096;
const BATCH = 512;
const SEND_EVERY_MS = 1_000;
const SENT_WITHIN_MS = 10_000;
const LAST_SENT_WITHIN_MS = 2_000;

/** The libraries are loaded here, and only when there is a collector to send to. */
export async function startTracing(options: TracingOptions): Promise<Tracing> {
  if (options.endpoint === undefined) return Tracing.off;
  const [sdk, { resourceFromAttributes }, { OTLPTraceExporter }, { AsyncLocalStorageContextManager }] =
    await Promise.all([
      import('@opentelemetry/sdk-trace'),
      import('@opentelemetry/resources'),
      import('@opentelemetry/exporter-trace-otlp-proto'),
      import('@opentelemetry/context-async-hooks'),
    ]);
  // One for the process: the second service finds the first one's, and that is right.
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const exporter = new OTLPTraceExporter({
    url: `${options.endpoint.replace(/\/+$/, '')}/v1/traces`,
    headers: headersIn(options.headers),
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
        exporter: new WatchedExporter(exporter, options),
        maxQueueSize: MOST_WAITING,
        maxExportBatchSize: BATCH,
        scheduledDelayMillis: SEND_EVERY_MS,
        exportTimeoutMillis: SENT_WITHIN_MS + 1_000,
      }),
    ],
  });
  return new Tracing(provider.getTracer('roost'), () => soon(provider.shutdown()));
}

/** A collector that is away is said once, and once that it is back: it costs nobody but the one who reads traces. */
class WatchedExporter implements SpanExporter {
  #away = false;

  constructor(
    private readonly exporter: SpanExporter,
    private readonly options: TracingOptions,
  ) {}

  export(...[spans, done]: Parameters<SpanExporter['export']>): void {
    this.exporter.export(spans, (result) => {
      const lost = result.error !== undefined;
      this.options.count?.(lost ? 'lost' : 'sent', spans.length);
      if (lost !== this.#away) this.#say(lost, result.error);
      this.#away = lost;
      done(result);
    });
  }

  shutdown(): Promise<void> {
    return this.exporter.shutdown();
  }

  forceFlush(): Promise<void> {
    return this.exporter.forceFlush?.() ?? Promise.resolve();
  }

  #say(lost: boolean, error: Error | undefined): void {
    const { endpoint, logger } = this.options;
    const collector = new URL(endpoint ?? '').host;
    if (!lost) return logger.info({ collector }, 'spans are sent again');
    const { code } = (error ?? {}) as { code?: unknown };
    logger.warn(
      { collector, reason: code ?? error?.message },
      'spans can not be sent and are given up until the collector is back',
    );
  }
}

/** `name=value,other=value`; values may be percent-encoded. */
function headersIn(text: string | undefined): Record<string, string> {
  const pairs = (text ?? '').split(',').flatMap((pair) => {
    const at = pair.indexOf('=');
    return at < 1 ? [] : [[pair.slice(0, at).trim(), decodeURIComponent(pair.slice(at + 1).trim())]];
  });
  return Object.fromEntries(pairs) as Record<string, string>;
}

/** A stop does not wait for a collector that does not answer. */
async function soon(sent: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, LAST_SENT_WITHIN_MS);
  });
  // What could not be sent has been said by the exporter.
  await Promise.race([sent.catch(() => undefined), late]);
  clearTimeout(timer);
}
