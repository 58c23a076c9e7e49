import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { testUser, Collector, eventually, startTestService, type TestService } from '@roost/testing';
import { createLogger, StartError } from '@roost/platform';
import { type RunningService, startService } from '@roost/service';
import { notes } from './notes/src/service.js';

interface Line {
  level: string;
  msg: string;
  [field: string]: unknown;
}

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';

let untraced: TestService;
let collector: Collector;
const started: RunningService[] = [];

beforeAll(async () => {
  untraced = await startTestService(notes);
  collector = await Collector.start();
});
afterAll(async () => {
  for (const service of started) await service.close();
  await untraced?.close();
  await collector?.close();
});

async function traced(env: Record<string, string>): Promise<{ service: RunningService; lines: Line[] }> {
  const lines: Line[] = [];
  const logger = createLogger('notes', 'info', {
    write: (text: string) => void lines.push(JSON.parse(text) as Line),
  });
  const service = await startService(notes, {
    env: { ...untraced.env, OTEL_BSP_SCHEDULE_DELAY: '50', ...env },
    logger,
  });
  started.push(service);
  return { service, lines };
}

const send = (service: { url: string }, path: string, headers: Record<string, string> = {}) =>
  fetch(service.url + path, { headers: { authorization: `Bearer ${testUser().token}`, ...headers } });

describe('a request', () => {
  let service: RunningService;
  beforeAll(async () => {
    ({ service } = await traced({
      OTEL_EXPORTER_OTLP_ENDPOINT: `${collector.url}/`,
      OTEL_EXPORTER_OTLP_HEADERS: 'x-key=a%20secret,x-tenant=roost',
    }));
  });
  beforeEach(() => {
    collector.spans.length = 0;
  });
  const spanOf = (traceId: string, name?: string) =>
    eventually(() => {
      const found = collector.of(traceId).filter((span) => name === undefined || span.name === name);
      expect(found).not.toEqual([]);
      return found[0]!;
    });

  test('is a child span of the caller, named by its route and not its path', async () => {
    const response = await send(service, '/v1/notes/0198c0de-0000-7000-8000-000000000000?token=private', {
      traceparent: `00-${TRACE}-${SPAN}-01`,
      tracestate: 'vendor=1',
    });
    expect(response.status).toBe(404);
    const span = await spanOf(TRACE);
    expect(response.headers.get('traceparent')).toBe(`00-${TRACE}-${span.spanId}-01`);
    expect(span).toMatchObject({
      name: 'GET /v1/notes/{id}',
      kind: 'server',
      parentSpanId: SPAN,
      traceState: 'vendor=1',
      failed: false,
      resource: {
        'service.name': 'notes',
        'service.namespace': 'roost',
        'deployment.environment.name': 'test',
      },
      attributes: {
        'http.request.method': 'GET',
        'http.route': '/v1/notes/{id}',
        'http.response.status_code': 404,
        'roost.code': 'route.not_found',
      },
    });
    expect(JSON.stringify(span.attributes)).not.toMatch(/private|0198c0de|Bearer/);
    expect(collector.requests.at(-1)).toMatchObject({
      url: '/v1/traces',
      'x-key': 'a secret',
      'x-tenant': 'roost',
      'content-type': 'application/x-protobuf',
    });
  });

  test('that the caller does not sample has no span and propagates the decision', async () => {
    const unsampled = TRACE.replace('0a', '0b');
    const response = await send(service, '/v1/notes', { traceparent: `00-${unsampled}-${SPAN}-00` });
    expect(response.headers.get('traceparent')).toMatch(
      new RegExp(`^00-${unsampled}-(?!${SPAN})[0-9a-f]{16}-00$`),
    );
    const after = await send(service, '/v1/notes');
    await spanOf(after.headers.get('traceparent')!.slice(3, 35));
    expect(collector.of(unsampled)).toEqual([]);
  });

  test.each([
    ['nonsense', 'nonsense'],
    ['no trace', `00-${'0'.repeat(32)}-${SPAN}-01`],
    ['no span', `00-${TRACE}-${'0'.repeat(16)}-01`],
  ])('with the invalid traceparent "%s" starts a new trace', async (_what, traceparent) => {
    const response = await send(service, '/v1/notes', { traceparent, tracestate: 'vendor=1' });
    expect(response.status).toBe(200);
    const own = response.headers.get('traceparent')!.slice(3, 35);
    expect(own).not.toBe(TRACE);
    expect(await spanOf(own)).toMatchObject({ parentSpanId: '', traceState: '' });
  });

  test('is the parent of its transactions', async () => {
    const response = await fetch(`${service.url}/v1/notes`, {
      method: 'POST',
      headers: { authorization: `Bearer ${testUser().token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ text: 'a private note' }),
    });
    expect(response.status).toBe(201);
    const traceId = response.headers.get('traceparent')!.slice(3, 35);
    const transaction = await spanOf(traceId, 'transaction');
    const request = await spanOf(traceId, 'POST /v1/notes');
    expect(transaction).toMatchObject({ parentSpanId: request.spanId, kind: 'internal', failed: false });
  });

  test('of a probe has no span', async () => {
    await send(service, '/health/live');
    await send(service, '/health/ready');
    await send(service, '/metrics');
    const after = await send(service, '/v1/notes');
    await spanOf(after.headers.get('traceparent')!.slice(3, 35));
    expect(collector.spans.map(({ name }) => name)).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/health|metrics/)]),
    );
  });
});

test('a share of 0 samples no new trace, but those that the caller samples', async () => {
  const { service } = await traced({
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_TRACES_SAMPLER_ARG: '0',
  });
  collector.spans.length = 0;
  const own = await send(service, '/v1/notes');
  expect(own.headers.get('traceparent')).toMatch(/-00$/);
  const sampled = TRACE.replace('0a', '0c');
  await send(service, '/v1/notes', { traceparent: `00-${sampled}-${SPAN}-01` });
  await eventually(() => expect(collector.of(sampled)).not.toEqual([]));
  expect(collector.of(own.headers.get('traceparent')!.slice(3, 35))).toEqual([]);
});

test('an unavailable collector causes one log line and no failed request; spans are sent again when it is back', async () => {
  const own = await Collector.start();
  own.refusing = true;
  const { service, lines } = await traced({ OTEL_EXPORTER_OTLP_ENDPOINT: own.url });
  const linesWith = (msg: RegExp) => lines.filter((line) => msg.test(line.msg));
  for (const times of [1, 2, 3]) {
    expect((await send(service, '/v1/notes')).status).toBe(200);
    await eventually(() => expect(own.requests.length).toBeGreaterThanOrEqual(times));
  }
  await eventually(() => expect(linesWith(/collector unavailable/)).toHaveLength(1), { seconds: 25 });
  own.refusing = false;
  await eventually(
    async () => {
      await send(service, '/v1/notes');
      expect(linesWith(/sending spans again/)).toHaveLength(1);
    },
    { seconds: 25 },
  );
  expect(linesWith(/collector unavailable/)).toHaveLength(1);
  const metrics = await (await send(service, '/metrics')).text();
  expect(metrics).toMatch(/roost_trace_spans_total\{outcome="lost",service="notes"\} [1-9]/);
  expect(metrics).toMatch(/roost_trace_spans_total\{outcome="sent",service="notes"\} [1-9]/);
  await service.close();
  await own.close();
}, 90_000);

test('a collector that does not respond delays no request and no stop', async () => {
  const mute = await Collector.start();
  const release = mute.hold();
  const { service } = await traced({ OTEL_EXPORTER_OTLP_ENDPOINT: mute.url });
  expect((await send(service, '/v1/notes')).status).toBe(200);
  await eventually(() => expect(mute.requests).not.toEqual([]));
  expect((await send(service, '/v1/notes')).status).toBe(200);
  // The collector has not responded yet: a stop that waited for it would not end.
  await service.close();
  await release();
  await mute.close();
});

test.each([
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318' }, /^OTEL_EXPORTER_OTLP_ENDPOINT is "collector:4318"/],
  [{ OTEL_TRACES_SAMPLER_ARG: '1.5' }, /^OTEL_TRACES_SAMPLER_ARG is "1.5": .* from 0 to 1\.$/],
  [{ OTEL_EXPORTER_OTLP_HEADERS: 'a key' }, /^OTEL_EXPORTER_OTLP_HEADERS has a value that is not allowed/],
])('the start with %j reports the invalid variable', async (env, sentence) => {
  const error = await startService(notes, { env: { ...untraced.env, ...env } }).catch(
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(StartError);
  expect((error as Error).message).toMatch(sentence);
});

describe('without a collector', () => {
  test('only the API of OpenTelemetry is loaded', async () => {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [
        '--conditions=@roost/source',
        '--import',
        new URL('../../../tools/register.js', import.meta.url).href,
        fileURLToPath(new URL('./loaded-libraries.ts', import.meta.url)),
      ],
      { env: { PATH: process.env.PATH, ...untraced.env } },
    );
    const { off, on } = JSON.parse(stdout) as Record<'off' | 'on', { status: number; loaded: string[] }>;
    expect(off).toEqual({ status: 200, loaded: ['@opentelemetry/api'] });
    // The check finds the libraries when they are loaded, and an unavailable collector fails no request.
    expect(on.status).toBe(200);
    expect(on.loaded).toEqual(
      expect.arrayContaining(['@opentelemetry/sdk-trace', '@opentelemetry/exporter-trace-otlp-proto']),
    );
  }, 60_000);

  test('problems contain the trace id', async () => {
    const response = await send(untraced, '/v1/notes/nothing', { traceparent: `00-${TRACE}-${SPAN}-01` });
    expect(response.headers.get('traceparent')).toMatch(
      new RegExp(`^00-${TRACE}-(?!${SPAN})[0-9a-f]{16}-01$`),
    );
    expect(await response.json()).toMatchObject({ traceId: TRACE });
  });
});
