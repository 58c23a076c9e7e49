import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { type CollectedSpan, readTraces } from './otlp-message.js';

/** An OTLP collector that stores all received spans. */
export class Collector {
  readonly spans: CollectedSpan[] = [];
  /** The headers of each request. */
  readonly requests: Record<string, unknown>[] = [];
  readonly #server = createServer((request, response) => {
    void buffer(request).then((body) => {
      this.requests.push({ ...request.headers, url: request.url });
      if (this.refusing) {
        response.writeHead(401).end();
        return;
      }
      this.spans.push(...readTraces(body));
      const answer = () =>
        new Promise<void>((sent) => {
          response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end(sent);
        });
      if (this.#held) this.#held.push(answer);
      else void answer();
    });
  });
  /** Responds with 401, as a collector does to an invalid key. */
  refusing = false;
  #held: (() => Promise<void>)[] | null = null;

  static async start(): Promise<Collector> {
    const collector = new Collector();
    collector.#server.listen(0, '127.0.0.1');
    await once(collector.#server, 'listening');
    return collector;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Accepts requests but sends no response until the returned function is called. */
  hold(): () => Promise<void> {
    const held: (() => Promise<void>)[] = (this.#held = []);
    return async () => {
      this.#held = null;
      await Promise.all(held.map((answer) => answer()));
    };
  }

  of(traceId: string): CollectedSpan[] {
    return this.spans.filter((span) => span.traceId === traceId);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
