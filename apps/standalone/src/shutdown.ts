import { EmbeddedError } from '@roost/embedded';
import { StartError } from '@roost/platform';
import type { Log } from './log.js';
import type { Terminal } from './terminal.js';

const PATIENCE_SECONDS = 30;
/** When a part below is gone, there is little to drain. */
const PATIENCE_WITHOUT_PARTS_SECONDS = 5;
/** npm hands Ctrl-C on to a process that the terminal has already told. */
const ECHO_MS = 1_000;

type Closer = () => Promise<unknown>;

/** Ends what has been started, whenever it is called: drains the gateway, then the services, then the parts below. */
export class Shutdown {
  log: Log | null = null;
  readonly #gateway: Closer[] = [];
  readonly #services: Closer[] = [];
  readonly #after: Closer[] = [];
  readonly #last: Closer[] = [];
  #patience = PATIENCE_SECONDS;
  #begun: number | null = null;

  constructor(private readonly terminal: Terminal) {
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(name, () => this.#signalled(name));
    }
    for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
      process.on(event, (error: unknown) => {
        this.log?.keep(error, 'unexpected error');
        void this.because(`Roost stops because of an unexpected error: ${messageOf(error)}`);
      });
    }
  }

  service(name: string, service: { close: Closer }): void {
    (name === 'gateway' ? this.#gateway : this.#services).push(this.#careful(name, () => service.close()));
  }

  /** Ends with the gateway, before any service does. */
  first(name: string, close: Closer): void {
    this.#gateway.push(this.#careful(name, close));
  }

  /** Ends once the services have. */
  after(name: string, close: Closer): void {
    this.#after.push(this.#careful(name, close));
  }

  /** Ends when nobody needs it any more. */
  last(name: string, close: Closer): void {
    this.#last.unshift(this.#careful(name, close));
  }

  /** Ends what serves; the parts below stay, and it can all be started again. */
  async stopServing(): Promise<void> {
    for (const closers of [this.#gateway, this.#services, this.#after]) {
      await Promise.all(closers.splice(0).map((close) => close()));
    }
  }

  async because(why: string): Promise<void> {
    if (this.#begun !== null) return;
    this.terminal.complain(why);
    this.#patience = PATIENCE_WITHOUT_PARTS_SECONDS;
    await this.#end(1);
  }

  async afterFailure(error: unknown): Promise<void> {
    if (this.#begun !== null) return;
    if (error instanceof StartError || error instanceof EmbeddedError) {
      this.terminal.complain(error.message);
    } else {
      this.log?.keep(error, 'start failed');
      this.terminal.complain(
        this.log?.file
          ? `${messageOf(error)} (details in ${this.log.file})`
          : ((error as Error).stack ?? String(error)),
      );
    }
    await this.#end(1);
  }

  #signalled(name: string): void {
    if (this.#begun === null) {
      this.terminal.say(`\nStopping (${name === 'SIGINT' ? 'Ctrl-C again to force' : name}).`);
      void this.#end(0);
    } else if (performance.now() - this.#begun > ECHO_MS) {
      this.terminal.complain('Forced to stop.');
      this.#exit(130);
    }
  }

  async #end(code: number): Promise<void> {
    this.#begun = performance.now();
    setTimeout(() => {
      this.terminal.complain(`Not everything stopped within ${this.#patience} s: giving up on the rest.`);
      this.#exit(1);
    }, this.#patience * 1000).unref();
    await this.stopServing();
    await Promise.all(this.#last.slice(0, -1).map((close) => close()));
    await this.#last.at(-1)?.();
    if (code === 0) this.terminal.say('Stopped.');
    this.#exit(code);
  }

  /** Parts that still run are stopped by their attendants. */
  #exit(code: number): never {
    this.log?.flush();
    process.exit(code);
  }

  #careful(name: string, close: Closer): Closer {
    return async () => {
      try {
        await close();
      } catch (error) {
        this.log?.keep(error, `${name} did not stop cleanly`);
      }
    };
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
