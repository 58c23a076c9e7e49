import { AdministratorOperations } from './administrator-operations.js';
import { ChangeOperations } from './change-operations.js';
import { GuestOperations } from './guest-operations.js';
import { HostOperations } from './host-operations.js';
import { OperationRecorder } from './operation-recorder.js';
import { Random } from './random.js';
import type { RunningRoost } from './running-roost.js';
import { SimulationContext } from './simulation-context.js';
import { createRequiredState, prepareHosts } from './simulation-setup.js';

export interface SimulationOptions {
  seed: number;
  /** Ends it after this number of operations. */
  operations?: number;
  /** Ends it after this time. */
  seconds?: number;
  guests: number;
  hosts: number;
  log?: (line: string) => void;
}

export interface SimulationReport {
  /** The number of responses by operation, status and error code: `book: 201`. */
  responses: Readonly<Record<string, number>>;
  /** The responses that are not expected. */
  unexpected: readonly string[];
  operations: number;
  slowestMillis: number;
}

/**
 * Guests, hosts and an administrator (who also advances the clock) run random operations concurrently. The seed decides
 * the choices of each actor; it does not decide the order of the operations.
 */
export class Simulation {
  private readonly recorder: OperationRecorder;
  private readonly context: SimulationContext;
  /** By `performance.now()`. */
  private end = Infinity;

  constructor(
    roost: RunningRoost,
    private readonly options: SimulationOptions,
  ) {
    this.recorder = new OperationRecorder(options.log);
    this.context = new SimulationContext(roost, this.recorder);
  }

  async run(): Promise<SimulationReport> {
    const { context } = this;
    const { seed } = this.options;
    context.now = await context.roost.advance('PT0S');
    const hosts = await prepareHosts(context, this.options.hosts);
    const guestIds = await Promise.all(
      Array.from({ length: this.options.guests }, () => context.createGuest()),
    );
    await createRequiredState(context, hosts);

    const changes = new ChangeOperations(context);
    const guestOperations = new GuestOperations(context, changes);
    const hostOperations = new HostOperations(context, changes);
    const administratorOperations = new AdministratorOperations(context);
    this.end = performance.now() + (this.options.seconds ?? Infinity) * 1000;
    let actors = 0;
    const nextRandom = () => new Random(seed * 1000 + (actors += 1));
    const guestActors = guestIds.map((id) => ({
      client: context.roost.as(id),
      random: nextRandom(),
      role: 'guest' as const,
    }));
    const hostActors = hosts.map((host) => ({ ...host, random: nextRandom(), role: 'host' as const }));
    const administratorRandom = nextRandom();
    await Promise.all([
      ...guestActors.map((guest) => this.repeat(() => guestOperations.runRandom(guest))),
      ...hostActors.map((host) => this.repeat(() => hostOperations.runRandom(host))),
      this.repeat(() => administratorOperations.runRandom(administratorRandom)),
    ]);
    const { responses, unexpected, slowestMillis, completed } = this.recorder;
    return { responses, unexpected, slowestMillis, operations: completed };
  }

  private async repeat(operation: () => Promise<void>): Promise<void> {
    const { operations = Infinity } = this.options;
    while (this.recorder.completed < operations && performance.now() < this.end) await operation();
  }
}
