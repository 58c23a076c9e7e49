import { EmbeddedError } from '@roost/embedded';
import { StartError } from '@roost/platform/start';
import type { Log } from './log.js';
import type { Terminal } from './terminal.js';

const TIMEOUT_SECONDS = 30;
/** After the end of PostgreSQL, Redis or Kafka few requests can be drained. */
const TIMEOUT_WITHOUT_PARTS_SECONDS = 5;
/** npm forwards Ctrl-C to a process that has already received it from the terminal. */
const DUPLICATE_SIGNAL_MS = 1_000;

type Closer = () => Promise<unknown>;

/** Stops everything that has been started: the gateway, then the services, then PostgreSQL, Redis and Kafka. */
export class Shutdown {
  log: Log | null = null;
  readonly #gateway: Closer[] = [];
  readonly #services: Closer[] = [];
  readonly #after: Closer[] = [];
  readonly #last: Closer[] = [];
  #timeoutSeconds = TIMEOUT_SECONDS;
  #startedAt: number | null = null;

  constructor(private readonly terminal: Terminal) {
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(name, () => this.#onSignal(name));
    }
    for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
      process.on(event, (error: unknown) => {
        this.#logError(error, 'unexpected error');
        void this.because(`Roost stops because of an unexpected error: ${messageOf(error)}`);
      });
    }
  }

  service(name: string, service: { close: Closer }): void {
    (name === 'gateway' ? this.#gateway : this.#services).push(
      this.#withErrorLogged(name, () => service.close()),
    );
  }

  /** Stops with the gateway, before the services. */
  first(name: string, close: Closer): void {
    this.#gateway.push(this.#withErrorLogged(name, close));
  }

  /** Stops after the services. */
  after(name: string, close: Closer): void {
    this.#after.push(this.#withErrorLogged(name, close));
  }

  /** Stops at the end, in reverse order of registration. */
  last(name: string, close: Closer): void {
    this.#last.unshift(this.#withErrorLogged(name, close));
  }

  /** Stops the gateway and the services. PostgreSQL, Redis and Kafka continue, so services can be started again. */
  async stopServing(): Promise<void> {
    for (const closers of [this.#gateway, this.#services, this.#after]) {
      await Promise.all(closers.splice(0).map((close) => close()));
    }
  }

  /** Stops with exit code 1 for the given reason. */
  async because(reason: string): Promise<void> {
    if (this.#startedAt !== null) return;
    this.terminal.printError(reason);
    this.#timeoutSeconds = TIMEOUT_WITHOUT_PARTS_SECONDS;
    await this.#end(1);
  }

  async afterFailure(error: unknown): Promise<void> {
    if (this.#startedAt !== null) return;
    if (error instanceof StartError || error instanceof EmbeddedError) {
      this.terminal.printError(error.message);
    } else {
      this.#logError(error, 'start failed');
      this.terminal.printError(
        this.log?.file
          ? `${messageOf(error)} (details in ${this.log.file})`
          : ((error as Error).stack ?? String(error)),
      );
    }
    await this.#end(1);
  }

  #onSignal(name: string): void {
    if (this.#startedAt === null) {
      this.terminal.print(`\nStopping (${name === 'SIGINT' ? 'Ctrl-C again to force' : name}).`);
      void this.#end(0);
    } else if (performance.now() - this.#startedAt > DUPLICATE_SIGNAL_MS) {
      this.terminal.printError('Forced to stop.');
      this.#exit(130);
    }
  }

  async #end(code: number): Promise<void> {
    this.#startedAt = performance.now();
    setTimeout(() => {
      this.terminal.printError(
        `Not everything stopped within ${this.#timeoutSeconds} s: giving up on the rest.`,
      );
      this.#exit(1);
    }, this.#timeoutSeconds * 1000).unref();
    await this.stopServing();
    await Promise.all(this.#last.slice(0, -1).map((close) => close()));
    await this.#last.at(-1)?.();
    if (code === 0) this.terminal.print('Stopped.');
    this.#exit(code);
  }

  /** Servers that still run are stopped by their watchdogs. */
  #exit(code: number): never {
    try {
      this.log?.flush();
    } catch {
      this.terminal.printError('The last lines of the log could not be written.');
    }
    try {
      process.exit(code);
    } catch {
      // An exit handler failed, such as the one that flushes a log on a full disk. A second call runs no handlers.
      process.exit(code);
    }
  }

  /** The log may be what fails. A stop continues without it. */
  #logError(error: unknown, message: string): void {
    try {
      this.log?.error(error, message);
    } catch (failure) {
      this.terminal.printError(`${message}: ${messageOf(error)} (not logged: ${messageOf(failure)})`);
    }
  }

  #withErrorLogged(name: string, close: Closer): Closer {
    return async () => {
      try {
        await close();
      } catch (error) {
        this.#logError(error, `${name} did not stop cleanly`);
      }
    };
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
