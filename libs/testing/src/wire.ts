import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

type State = 'whole' | 'cut' | 'lossy';

/** A wire to a part of Roost (PostgreSQL, Redis, Kafka), and what can happen to a wire. */
export class Wire {
  readonly #sockets = new Set<Socket>();
  readonly #server = createServer((inner) => this.#join(inner));
  #state: State = 'whole';
  #delayMs = 0;
  readonly #waiting = new Set<() => void>();

  private constructor(private readonly target: URL) {}

  /** Between a client and `target`, an address with a port. */
  static async to(target: string): Promise<Wire> {
    const wire = new Wire(new URL(target));
    wire.#server.listen(0, '127.0.0.1');
    await once(wire.#server, 'listening');
    return wire;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** The target's address, over this wire. */
  get url(): string {
    const url = new URL(this.target);
    url.hostname = '127.0.0.1';
    url.port = String(this.port);
    return url.href;
  }

  /** Every connection is reset, and every new one, too. */
  cut(): void {
    this.#state = 'cut';
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** Whatever is sent, either way, takes so much longer. */
  delay(ms: number): void {
    this.#delayMs = ms;
  }

  /** Nothing arrives any more and nobody is told: TCP sends it again, in vain, until the wire is mended. */
  lose(): void {
    this.#state = 'lossy';
  }

  mend(): void {
    this.#state = 'whole';
    this.#delayMs = 0;
    for (const goOn of this.#waiting) goOn();
    this.#waiting.clear();
  }

  close(): void {
    this.mend();
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }

  #join(inner: Socket): void {
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
      void this.#carry(socket, other);
    }
  }

  /** Piece by piece, in order. A connection that breaks ends its own carrying. */
  async #carry(from: Socket, to: Socket): Promise<void> {
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
