import { createServer, type Server } from 'node:http';
import { text } from 'node:stream/consumers';
import { startSandbox } from '@roost/app-sandbox';
import { EmbeddedBus } from '@roost/messaging';
import { createLogger } from '@roost/platform';
import {
  eventually,
  freshDatabase,
  reservePort,
  startTestService,
  type TestClient,
  type TestService,
} from '@roost/testing';
import sharp from 'sharp';
import { definitions } from '../src/services.js';

type ServiceName = 'identity' | 'listings' | 'bookings' | 'payments' | 'reviews';
const WEBHOOK_SECRET = 'a-webhook-secret-of-the-specs';

/** One GraphQL operation that the gateway sent to a service. */
export interface ForwardedOperation {
  service: string;
  query: string;
  /** The number of references in its variables. */
  entities: number;
  headers: Record<string, string | string[] | undefined>;
}

/** A proxy between the gateway and a service. It records GraphQL operations; while it is closed, the service is unavailable. */
class RecordingProxy {
  private server: Server | null = null;
  private port = 0;

  constructor(
    private readonly service: string,
    private readonly operations: ForwardedOperation[],
    public target: string,
  ) {}

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async open(): Promise<void> {
    this.server = createServer((request, response) => {
      void text(request).then(async (body) => {
        if (request.url === '/graphql') this.record(body, request.headers);
        const { host: _, connection: __, ...headers } = request.headers;
        const forwarded = await fetch(this.target + request.url, {
          method: request.method ?? 'GET',
          headers: headers as Record<string, string>,
          ...(body ? { body } : {}),
        });
        response.writeHead(forwarded.status, {
          'content-type': forwarded.headers.get('content-type') ?? 'text/plain',
        });
        response.end(Buffer.from(await forwarded.arrayBuffer()));
      });
    });
    // Nothing else may take the port while the proxy is closed.
    this.port ||= await reservePort();
    await new Promise<void>((resolve) => this.server?.listen(this.port, '127.0.0.1', resolve));
  }

  async close(): Promise<void> {
    this.server?.closeAllConnections();
    await new Promise((resolve) => (this.server ? this.server.close(resolve) : resolve(undefined)));
    this.server = null;
  }

  private record(body: string, headers: ForwardedOperation['headers']): void {
    const { query, variables = {} } = JSON.parse(body) as {
      query: string;
      variables?: Record<string, unknown>;
    };
    const entities = Object.values(variables).flatMap((value) =>
      Array.isArray(value)
        ? value.filter((item) => (item as { __typename?: string } | null)?.__typename)
        : [],
    );
    this.operations.push({ service: this.service, query, entities: entities.length, headers });
  }
}

/** The id of a quote for two adults. The listing reaches bookings by event. */
export function quoteFor(
  client: TestClient,
  stay: { listingId: string; checkInDate: string; checkOutDate: string },
): Promise<string> {
  return eventually(
    async () => {
      const quote = await client.post<{ id: string }>('/v1/quotes', { ...stay, guests: { adults: 2 } });
      expect(quote.status).toBe(201);
      return quote.body.id;
    },
    { seconds: 40 },
  );
}

export interface Person {
  id: string;
  accessToken: string;
}

/** Every service with a subgraph, the payment provider, and the gateway. */
export class Marketplace {
  readonly operations: ForwardedOperation[] = [];
  readonly proxies = new Map<string, RecordingProxy>();
  readonly services = new Map<string, TestService>();
  private readonly closing: (() => Promise<unknown>)[] = [];
  gateway!: TestService;
  sandboxUrl = '';

  async open(extraEnv: Record<string, string> = {}): Promise<void> {
    const bus = new EmbeddedBus();
    const identity = await this.start('identity', bus, extraEnv);
    const sandbox = await startSandbox({
      host: '127.0.0.1',
      port: 0,
      databaseUrl: await freshDatabase('roost_sandbox'),
      webhookUrl: 'http://127.0.0.1:9/none',
      webhookSecret: WEBHOOK_SECRET,
      logger: createLogger('sandbox', 'fatal'),
    });
    this.closing.push(() => sandbox.close());
    this.sandboxUrl = sandbox.url;
    const env = {
      ...extraEnv,
      JWKS_URL: `${identity.url}/.well-known/jwks.json`,
      SANDBOX_URL: sandbox.url,
      SANDBOX_WEBHOOK_SECRET: WEBHOOK_SECRET,
    };
    await Promise.all(
      (['listings', 'bookings', 'payments', 'reviews'] as const).map((name) => this.start(name, bus, env)),
    );
    const urls = [...this.proxies].map(([name, proxy]) => [`${name.toUpperCase()}_URL`, proxy.url] as const);
    this.gateway = await startTestService(await definitions.gateway(), {
      env: { ...env, ...Object.fromEntries(urls) },
    });
    this.closing.push(() => this.gateway.close());
  }

  async close(): Promise<void> {
    for (const close of this.closing.reverse()) await close();
    for (const proxy of this.proxies.values()) await proxy.close();
  }

  private async start(
    name: ServiceName,
    bus: EmbeddedBus,
    env: Record<string, string>,
  ): Promise<TestService> {
    const service = await startTestService(await definitions[name](), { bus, env });
    this.services.set(name, service);
    const proxy = new RecordingProxy(name, this.operations, service.url);
    await proxy.open();
    this.proxies.set(name, proxy);
    this.closing.push(() => service.close());
    return service;
  }

  service(name: string): TestService {
    const service = this.services.get(name);
    if (!service) throw new Error(`no service ${name}`);
    return service;
  }

  /** Runs `work` while the service is unavailable. */
  async without<T>(name: string, work: () => Promise<T>): Promise<T> {
    const proxy = this.proxies.get(name);
    await proxy?.close();
    try {
      return await work();
    } finally {
      await proxy?.open();
    }
  }

  async createPerson(roles: string[] = []): Promise<Person> {
    const created = await this.service('identity').anonymous.post('/dev/users', {
      roles,
      emailVerified: true,
    });
    return created.body as unknown as Person;
  }

  as(person: Person, at: TestService = this.gateway): TestClient {
    return at.anonymous.with({ authorization: `Bearer ${person.accessToken}` });
  }

  /** Runs one operation. Returns its response and the operations that the gateway sent to services. */
  async graphql<T>(client: TestClient, query: string, variables: Record<string, unknown> = {}) {
    this.operations.length = 0;
    const response = await client.graphql<T>(query, variables);
    return { ...response, operations: [...this.operations] };
  }

  async publishListing(host: Person, title: string): Promise<string> {
    const client = this.as(host, this.service('listings'));
    const created = await client.post<{ id: string }>('/v1/listings', {
      title,
      description: 'Two bright rooms, a kitchen that is used, and the boats below the window.',
      propertyType: 'house',
      roomType: 'entire_home',
      address: { line1: 'Rua do Cais 7', city: 'Setúbal', countryCode: 'PT' },
      location: { lat: 38.5244, lng: -8.8882 },
      timeZone: 'Europe/Lisbon',
      currency: 'EUR',
      capacity: 4,
      bedrooms: 2,
      beds: 3,
      bathrooms: 1.5,
      amenities: ['wifi'],
      bookingMode: 'instant',
      cancellationPolicy: 'flexible',
    });
    const { id } = created.body;
    const photo = await sharp({ create: { width: 1200, height: 800, channels: 3, background: '#27426b' } })
      .jpeg()
      .toBuffer();
    const form = new FormData();
    form.append('file', new Blob([new Uint8Array(photo)], { type: 'image/jpeg' }), 'harbour.jpg');
    await client.put(`/v1/listings/${id}/pricing`, { basePriceMinor: 12_000 });
    await client.post(`/v1/listings/${id}/photos`, form);
    const published = await client.post(`/v1/listings/${id}/publish`);
    expect(published.body).toMatchObject({ status: 'published' });
    return id;
  }

  /** Creates a booking, and waits until its payment can be confirmed. */
  async createBooking(
    guest: Person,
    listingId: string,
    checkInDate: string,
    checkOutDate: string,
  ): Promise<string> {
    const client = this.as(guest, this.service('bookings'));
    const quoteId = await quoteFor(client, { listingId, checkInDate, checkOutDate });
    const booking = await client.post<{ id: string }>('/v1/bookings', { quoteId });
    expect(booking.status).toBe(201);
    const { id } = booking.body;
    await eventually(async () => {
      const due = await this.as(guest, this.service('payments')).get(`/v1/bookings/${id}/payment`);
      expect(due.status).toBe(200);
    });
    return id;
  }
}
