import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { FeedNetwork } from '../src/feed/feed-network.js';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/**
 * A calendar of somebody else, on loopback, where feeds are never read from: the spec that starts it lets this one port of
 * the network of its service pass.
 */
export class FeedServer {
  readonly requests: IncomingMessage[] = [];
  private answers: Answer = (_, response) => response.writeHead(404).end();

  private constructor(
    private readonly server: Server,
    readonly port: number,
  ) {}

  static async start(): Promise<FeedServer> {
    const server = createServer();
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    const started = new FeedServer(server, (server.address() as AddressInfo).port);
    server.on('request', (request, response) => {
      started.requests.push(request);
      started.answers(request, response);
    });
    return started;
  }

  url(host = 'feeds.example', path = '/calendar.ics'): string {
    return `http://${host}:${this.port}${path}`;
  }

  answer(answers: Answer): void {
    this.answers = answers;
  }

  serve(text: string | Buffer, headers: Record<string, string> = {}): void {
    this.answer((_, response) =>
      response.writeHead(200, { 'content-type': 'text/calendar', ...headers }).end(text),
    );
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

/**
 * The network of a spec: `hosts` says where names lead, and these servers may be reached on loopback. The port of a
 * canary is one where calendars are served, so that nothing but its address keeps anybody from it.
 */
export class SpecNetwork extends FeedNetwork {
  readonly asked: string[] = [];
  readonly hosts = new Map<string, () => string[]>();

  constructor(
    private readonly ports: () => number[],
    private readonly canaries: () => number[] = () => [],
  ) {
    super();
  }

  override async resolve(host: string): Promise<string[]> {
    this.asked.push(host);
    const known = this.hosts.get(host);
    if (known) return known();
    return host.endsWith('.example') ? ['127.0.0.1'] : await super.resolve(host);
  }

  override allows(address: string, port: number): boolean {
    if (address === '127.0.0.1' && this.ports().includes(port)) return true;
    return super.allows(address, this.canaries().includes(port) ? 443 : port);
  }

  /** Puts itself in the place of the service's own. */
  takeOver(network: FeedNetwork): void {
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
