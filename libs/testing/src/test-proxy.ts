import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

type State = 'whole' | 'cut' | 'lossy';

/** A TCP proxy in front of PostgreSQL, Redis or Kafka that simulates network faults. */
export class TestProxy {
  readonly #sockets = new Set<Socket>();
  readonly #server = createServer((inner) => this.#connect(inner));
  #state: State = 'whole';
  #delayMs = 0;
  readonly #waiting = new Set<() => void>();

  private constructor(private readonly target: URL) {}

  /** Starts a proxy for `target`, an address with a port. */
  static async to(target: string): Promise<TestProxy> {
    const proxy = new TestProxy(new URL(target));
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** The address of the target through this proxy. */
  get url(): string {
    const url = new URL(this.target);
    url.hostname = '127.0.0.1';
    url.port = String(this.port);
    return url.href;
  }

  /** Resets every connection, and every new one. */
  cut(): void {
    this.#state = 'cut';
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** Delays data in both directions. */
  delay(ms: number): void {
    this.#delayMs = ms;
  }

  /** Holds back all data without closing connections, as packet loss does, until `mend()`. */
  lose(): void {
    this.#state = 'lossy';
  }

  mend(): void {
    this.#state = 'whole';
    this.#delayMs = 0;
    for (const resume of this.#waiting) resume();
    this.#waiting.clear();
  }

  close(): void {
    this.mend();
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }

  #connect(inner: Socket): void {
    if (this.#state === 'cut') {
      inner.resetAndDestroy();
      return;
    }
    const outer = connect(Number(this.target.port), this.target.hostname);
    for (const [socket, other] of [
      [inner, outer],
      [outer, inner],
    ] as const) {
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
      void this.#forward(socket, other);
    }
  }

  /** Forwards data in order. Ends if a connection fails. */
  async #forward(from: Socket, to: Socket): Promise<void> {
    try {
      for await (const piece of from) {
        if (this.#delayMs > 0) await pause(this.#delayMs);
        while (this.#state === 'lossy') await new Promise<void>((resolve) => this.#waiting.add(resolve));
        if (!to.write(piece as Buffer)) await once(to, 'drain');
      }
      to.end();
    } catch {
      from.destroy();
      to.destroy();
    }
  }
}
