import { withTimeout } from '../timing/with-timeout.js';

export type HealthCheck = () => Promise<void> | void;
type PartState = 'up' | 'down' | 'degraded' | 'stopping';

const CHECK_TIMEOUT_MS = 2_000;

/** What must work for a service to be ready; each check throws when it does not. */
export class Health {
  readonly #checks = new Map<string, HealthCheck>();
  readonly #notes = new Map<string, () => boolean>();
  readonly #closing = new AbortController();

  /** A part that is shown `degraded` while it isn't well; the service stays ready. */
  note(part: string, isWell: () => boolean): void {
    this.#notes.set(part, isWell);
  }

  add(part: string, check: HealthCheck): void {
    this.#checks.set(part, check);
  }

  /** Says no from now on: traffic should go elsewhere. */
  drain(): void {
    this.#closing.abort();
  }

  /** Aborted once the service drains. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  async report(): Promise<{ ready: boolean; parts: Record<string, PartState> }> {
    const results = await Promise.all(
      [...this.#checks].map(async ([part, check]) => [part, (await passes(check)) ? 'up' : 'down'] as const),
    );
    const parts: Record<string, PartState> = Object.fromEntries(results);
    for (const [part, isWell] of this.#notes) parts[part] = isWell() ? 'up' : 'degraded';
    if (this.closing.aborted) parts.server = 'stopping';
    return { ready: Object.values(parts).every((state) => state === 'up' || state === 'degraded'), parts };
  }
}

async function passes(check: HealthCheck): Promise<boolean> {
  try {
    await withTimeout(Promise.resolve(check()), CHECK_TIMEOUT_MS);
    return true;
  } catch {
    return false;
  }
}
