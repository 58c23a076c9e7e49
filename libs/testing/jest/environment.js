import { ModuleMocker } from 'jest-mock';

const TIMEOUT = Symbol.for('TEST_TIMEOUT_SYMBOL');

/** Specs run in the realm of the worker (docs/adr/0017-specs-without-jest-module-registry.md). Changes by one spec are undone at its end. */
export default class WorkerEnvironment {
  global = globalThis;
  moduleMocker = new ModuleMocker(globalThis);
  fakeTimers = null;
  fakeTimersModern = null;
  #variables = { ...process.env };
  #console = globalThis.console;
  // Jest wraps it again for each spec.
  #exit = process.exit;

  async setup() {
    // Jest's function reads source maps of its own transformer; Node's reads ours.
    Error.prepareStackTrace = undefined;
    globalThis[Symbol.for('roost.test.jest')] = {
      setTimeout: (milliseconds) => void (globalThis[TIMEOUT] = milliseconds),
      fn: (...args) => this.moduleMocker.fn(...args),
      spyOn: (...args) => this.moduleMocker.spyOn(...args),
      restoreAllMocks: () => this.moduleMocker.restoreAllMocks(),
    };
  }

  async teardown() {
    this.moduleMocker.restoreAllMocks();
    delete globalThis[TIMEOUT];
    for (const name of Object.keys(process.env)) if (!(name in this.#variables)) delete process.env[name];
    Object.assign(process.env, this.#variables);
    process.exit = this.#exit;
    globalThis.console = this.#console;
    // Drops the databases of the spec (../src/parts.ts). Without it, they go with the run.
    await globalThis[Symbol.for('roost.test.cleanup')]?.().catch(() => undefined);
  }

  exportConditions() {
    return ['node', 'node-addons'];
  }

  getVmContext() {
    return null;
  }
}
