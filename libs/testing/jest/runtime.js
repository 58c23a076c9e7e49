import module from 'node:module';
import { pathToFileURL } from 'node:url';

const require = module.createRequire(import.meta.url);
const globals = new URL('./globals.js', import.meta.url).href;

module.registerHooks({
  resolve: (specifier, context, next) =>
    specifier === '@jest/globals' ? { url: globals, shortCircuit: true } : next(specifier, context),
});

/**
 * Loads specs as Node loads Roost, each module once for all specs of a worker. Otherwise loading frameworks takes 80 % of
 * the time of a spec that starts a service (docs/adr/0017-specs-without-jest-module-registry.md).
 */
export default class NodeRuntime {
  async unstable_importModule(file) {
    await import(pathToFileURL(file).href);
  }

  unstable_shouldLoadAsEsm() {
    return true;
  }

  requireModule(file) {
    return require(file);
  }

  /** The test framework stores the state of a spec in its module, so each spec loads a new one. */
  requireInternalModule(file) {
    for (const key of Object.getOwnPropertySymbols(globalThis)) {
      if (['EVENT_HANDLERS', 'JEST_STATE_SYMBOL'].includes(key.description)) delete globalThis[key];
    }
    delete require.cache[file];
    return require(file);
  }

  setGlobalsForRuntime() {}
  enterTestCode() {}
  leaveTestCode() {}
  teardown() {}

  getSourceMaps() {
    return new Map();
  }

  getAllCoverageInfoCopy() {
    return {};
  }
}
