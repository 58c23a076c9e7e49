import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { startSandbox } from '@roost/app-sandbox';
import { EmbeddedBus } from '@roost/messaging';
import { createLogger } from '@roost/platform';
import {
  eventually,
  freshDatabase,
  startTestService,
  type TestClient,
  type TestService,
} from '@roost/testing';
import sharp from 'sharp';
import { definitions } from '../src/services.js';

type Part = 'identity' | 'listings' | 'bookings' | 'payments' | 'reviews';
const WEBHOOK_SECRET = 'a-webhook-secret-of-the-specs';

/** One operation as a service got it from the gateway. */
export interface Asked {
  service: string;
  query: string;
  /** Entities that were looked up by reference. */
  entities: number;
  headers: Record<string, string | string[] | undefined>;
}

/** Notes what goes from the gateway to a service; stopped, the service is away. */
class Wire {
  private server: Server | null = null;
  private port = 0;

  constructor(
    private readonly service: string,
    private readonly asked: Asked[],
    public target: string,
  ) {}

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async open(): Promise<void> {
    this.server = createServer((request, response) => {
      void text(request).then(async (body) => {
        if (request.url === '/graphql') this.note(body, request.headers);
        const { host: _, connection: __, ...headers } = request.headers;
        const answer = await fetch(this.target + request.url, {
          method: request.method ?? 'GET',
          headers: headers as Record<string, string>,
          ...(body ? { body } : {}),
        });
        response.writeHead(answer.status, {
          'content-type': answer.headers.get('content-type') ?? 'text/plain',
        });
        response.end(Buffer.from(await answer.arrayBuffer()));
      });
    });
    await new Promise<void>((resolve) => this.server?.listen(this.port, '127.0.0.1', resolve));
    this.port = (this.server.address() as AddressInfo).port;
  }

  async cut(): Promise<void> {
    this.server?.closeAllConnections();
    await new Promise((resolve) => (this.server ? this.server.close(resolve) : resolve(undefined)));
    this.server = null;
  }

  private note(body: string, headers: Asked['headers']): void {
    const { query, variables = {} } = JSON.parse(body) as {
      query: string;
      variables?: Record<string, unknown>;
    };
    const entities = Object.values(variables).flatMap((value) =>
      Array.isArray(value)
        ? value.filter((item) => (item as { __typename?: string } | null)?.__typename)
        : [],
    );
    this.asked.push({ service: this.service, query, entities: entities.length, headers });
  }
}

export interface Person {
  id: string;
  accessToken: string;
}

/** Every service that owns a part of the graph, a payment provider, and a gateway before them. */
export class Marketplace {
  readonly asked: Asked[] = [];
  readonly wires = new Map<string, Wire>();
  readonly services = new Map<string, TestService>();
  private readonly closing: (() => Promise<unknown>)[] = [];
  gateway!: TestService;
  sandboxUrl = '';

  async open(more: Record<string, string> = {}): Promise<void> {
    const bus = new EmbeddedBus();
    const first = await this.start('identity', bus, more);
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
      ...more,
      JWKS_URL: `${first.url}/.well-known/jwks.json`,
      SANDBOX_URL: sandbox.url,
      SANDBOX_WEBHOOK_SECRET: WEBHOOK_SECRET,
    };
    await Promise.all(
      (['listings', 'bookings', 'payments', 'reviews'] as const).map((name) => this.start(name, bus, env)),
    );
    const wires = [...this.wires].map(([name, wire]) => [`${name.toUpperCase()}_URL`, wire.url] as const);
    this.gateway = await startTestService(await definitions.gateway(), {
      env: { ...env, ...Object.fromEntries(wires) },
    });
    this.closing.push(() => this.gateway.close());
  }

  async close(): Promise<void> {
    for (const close of this.closing.reverse()) await close();
    for (const wire of this.wires.values()) await wire.cut();
  }

  private async start(name: Part, bus: EmbeddedBus, env: Record<string, string>): Promise<TestService> {
    const service = await startTestService(await definitions[name](), { bus, env });
    this.services.set(name, service);
    const wire = new Wire(name, this.asked, service.url);
    await wire.open();
    this.wires.set(name, wire);
    this.closing.push(() => service.close());
    return service;
  }

  service(name: string): TestService {
    const service = this.services.get(name);
    if (!service) throw new Error(`no service ${name}`);
    return service;
  }

  /** While `work` runs, the service answers nobody. */
  async without<T>(name: string, work: () => Promise<T>): Promise<T> {
    const wire = this.wires.get(name);
    await wire?.cut();
    try {
      return await work();
    } finally {
      await wire?.open();
    }
  }

  async person(roles: string[] = []): Promise<Person> {
    const made = await this.service('identity').anonymous.post('/dev/users', { roles, emailVerified: true });
    return made.body as unknown as Person;
  }

  as(person: Person, at: TestService = this.gateway): TestClient {
    return at.anonymous.with({ authorization: `Bearer ${person.accessToken}` });
  }

  /** Runs one operation and tells what the services were asked for it. */
  async watch<T>(client: TestClient, query: string, variables: Record<string, unknown> = {}) {
    this.asked.length = 0;
    const answer = await client.graphql<T>(query, variables);
    return { ...answer, asked: [...this.asked] };
  }

  async publishedListing(host: Person, title: string): Promise<string> {
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

  /** Booked, and its payment ready to be paid. */
  async booked(guest: Person, listingId: string, checkInDate: string, checkOutDate: string): Promise<string> {
    const client = this.as(guest, this.service('bookings'));
    const quote = await client.post<{ id: string }>('/v1/quotes', {
      listingId,
      checkInDate,
      checkOutDate,
      guests: { adults: 2 },
    });
    expect(quote.status).toBe(201);
    const booking = await client.post<{ id: string }>('/v1/bookings', { quoteId: quote.body.id });
    expect(booking.status).toBe(201);
    const { id } = booking.body;
    await eventually(async () => {
      const due = await this.as(guest, this.service('payments')).get(`/v1/bookings/${id}/payment`);
      expect(due.status).toBe(200);
    });
    return id;
  }
}
