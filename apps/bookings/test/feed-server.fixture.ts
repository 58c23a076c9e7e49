import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { FeedNetwork } from '../src/feed/feed-network.js';

type RequestHandler = (request: IncomingMessage, response: ServerResponse) => void;

/** A calendar server on loopback. The service may not read from loopback, so a spec allows this port in its network. */
export class FeedServer {
  readonly requests: IncomingMessage[] = [];
  private handler: RequestHandler = (_, response) => response.writeHead(404).end();

  private constructor(
    private readonly server: Server,
    readonly port: number,
  ) {}

  static async start(): Promise<FeedServer> {
    const { server, port } = await listen('127.0.0.1');
    const started = new FeedServer(server, port);
    server.on('request', (request, response) => {
      started.requests.push(request);
      started.handler(request, response);
    });
    return started;
  }

  url(host = 'feeds.example', path = '/calendar.ics'): string {
    return `http://${host}:${this.port}${path}`;
  }

  respondWith(handler: RequestHandler): void {
    this.handler = handler;
  }

  serve(text: string | Buffer, headers: Record<string, string> = {}): void {
    this.respondWith((_, response) =>
      response.writeHead(200, { 'content-type': 'text/calendar', ...headers }).end(text),
    );
  }

  async close(): Promise<void> {
    await close(this.server);
  }
}

/** A server on loopback that the service must never reach. */
export interface Canary {
  readonly port: number;
  /** The number of connections and requests so far. */
  hits: number;
}

/** Starts a canary before the tests of the file, and checks after them that nothing has reached it. */
export function useCanary(): Canary {
  let server: Server;
  const canary = { port: 0, hits: 0 };
  beforeAll(async () => {
    ({ server, port: canary.port } = await listen('::'));
    server.on('connection', () => (canary.hits += 1));
    server.on('request', (_, response: ServerResponse) => {
      canary.hits += 1;
      response.end(ical(['1', '0610', '0614']));
    });
  });
  afterAll(async () => {
    await close(server);
    expect(canary.hits).toBe(0);
  });
  return canary;
}

/**
 * A network in which `hosts` resolves names and `ports` are reachable on loopback. The ports of canaries count as
 * calendar ports, so that only their address protects them.
 */
export class SpecNetwork extends FeedNetwork {
  readonly hosts = new Map<string, () => string[]>();

  constructor(
    private readonly ports: () => number[],
    private readonly canaries: () => number[] = () => [],
  ) {
    super();
  }

  override async resolve(host: string): Promise<string[]> {
    const addresses = this.hosts.get(host);
    if (addresses) return addresses();
    return host.endsWith('.example') ? ['127.0.0.1'] : await super.resolve(host);
  }

  override allows(address: string, port: number): boolean {
    if (address === '127.0.0.1' && this.ports().includes(port)) return true;
    return super.allows(address, this.canaries().includes(port) ? 443 : port);
  }

  /** Replaces the methods of the network of a running service. */
  replace(network: FeedNetwork): void {
    network.resolve = (host) => this.resolve(host);
    network.allows = (address, port) => this.allows(address, port);
  }
}

/** Whole days of 2027, as an iCalendar: `ical(['1', '0610', '0614'])`. */
export function ical(...events: [uid: string, from: string, to: string, ...lines: string[]][]): string {
  return [
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'PRODID:-//Elsewhere//EN',
    ...events.flatMap(([uid, from, to, ...lines]) => [
      'BEGIN:VEVENT',
      `UID:${uid}`,
      `DTSTART;VALUE=DATE:2027${from}`,
      `DTEND;VALUE=DATE:2027${to}`,
      ...lines,
      'END:VEVENT',
    ]),
    'END:VCALENDAR',
    '',
  ].join('\r\n');
}

async function listen(host: string): Promise<{ server: Server; port: number }> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, host, resolve);
  });
  return { server, port: (server.address() as AddressInfo).port };
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}
