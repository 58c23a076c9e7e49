import type { Logger } from 'pino';
import { withTimeout } from '../timing/with-timeout.js';

export type HealthCheck = () => Promise<void> | void;
type PartState = 'up' | 'down' | 'degraded' | 'stopping';

export interface HealthReport {
  ready: boolean;
  /** `degraded`: the service is ready, but an optional part does not work. */
  status: 'up' | 'down' | 'degraded';
  parts: Record<string, PartState>;
}

const CHECK_TIMEOUT_MS = 2_000;

/** The readiness of a service. A check throws while its part does not work. */
export class Health {
  readonly #checks = new Map<string, HealthCheck>();
  readonly #optional = new Map<string, () => boolean>();
  readonly #closing = new AbortController();
  readonly #down = new Set<string>();

  constructor(private readonly logger: Logger) {}

  /** Adds a part that is reported as `degraded` while it does not work; the service stays ready. */
  addOptional(part: string, isHealthy: () => boolean): void {
    this.#optional.set(part, isHealthy);
  }

  /** Adds a part that the service needs: it is not ready while `check` throws or takes longer than 2 s. */
  add(part: string, check: HealthCheck): void {
    this.#checks.set(part, check);
  }

  /** Reports not ready from now on, so that load balancers send no new requests. */
  drain(): void {
    this.#closing.abort();
  }

  /** Aborted when `drain` is called. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  async report(): Promise<HealthReport> {
    const parts: Record<string, PartState> = {};
    await Promise.all(
      [...this.#checks].map(async ([part, check]) => {
        // In the order of the checks, whichever ends first.
        parts[part] = 'up';
        parts[part] = await this.#stateOf(part, check);
      }),
    );
    for (const [part, isHealthy] of this.#optional) parts[part] = isHealthy() ? 'up' : 'degraded';
    if (this.closing.aborted) parts.server = 'stopping';
    const states = Object.values(parts);
    const ready = states.every((state) => state === 'up' || state === 'degraded');
    const status = states.includes('degraded') ? 'degraded' : 'up';
    return { ready, status: ready ? status : 'down', parts };
  }

  /** Runs a check. Logs the first failure of a part, and its first success after that: not one line per probe. */
  async #stateOf(part: string, check: HealthCheck): Promise<'up' | 'down'> {
    try {
      await withTimeout(Promise.resolve(check()), CHECK_TIMEOUT_MS);
    } catch (err) {
      // A service that stops closes its connections.
      if (!this.#down.has(part) && !this.closing.aborted) this.logger.warn({ part, err }, 'not ready');
      this.#down.add(part);
      return 'down';
    }
    if (this.#down.delete(part)) this.logger.info({ part }, 'ready again');
    return 'up';
  }
}
