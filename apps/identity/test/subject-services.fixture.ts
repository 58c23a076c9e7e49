import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Stands in for listings, bookings and reviews: what each path returns to which access token. */
export class SubjectServices {
  /** The bodies by path and, if not every caller may see them, by the only token that does. */
  private readonly bodies = new Map<string, { body: object; token?: string }>();
  /** The paths of all requests. */
  readonly requests: string[] = [];
  /** Runs before each response. */
  beforeResponse: (() => Promise<void>) | null = null;

  private constructor(private readonly server: Server) {}

  static async start(): Promise<SubjectServices> {
    const server = createServer();
    const services = new SubjectServices(server);
    server.on('request', (request, response) => {
      const path = request.url ?? '';
      services.requests.push(path);
      const known = services.bodies.get(path);
      const isVisible = known && (!known.token || request.headers.authorization === `Bearer ${known.token}`);
      const respond = () => {
        response.writeHead(isVisible ? 200 : 404, { 'content-type': 'application/json' });
        response.end(JSON.stringify(isVisible ? known.body : { status: 404 }));
      };
      void (services.beforeResponse?.() ?? Promise.resolve()).then(respond);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return services;
  }

  /** The variables of identity. */
  get env(): Record<string, string> {
    const url = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
    return { LISTINGS_URL: url, BOOKINGS_URL: url, REVIEWS_URL: url };
  }

  show(path: string, body: object, token?: string): void {
    this.bodies.set(path, token === undefined ? { body } : { body, token });
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
