/** Runs every spec; `npm test -- PATTERN` runs the files with a matching path. */
export default {
  testMatch: ['<rootDir>/{apps,libs,tools}/**/*.spec.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/'],
  modulePathIgnorePatterns: ['/dist/'],
  // tools/register.js compiles.
  transform: {},
  extensionsToTreatAsEsm: ['.ts'],
  runtime: '<rootDir>/libs/testing/jest/runtime.js',
  testEnvironment: '<rootDir>/libs/testing/jest/environment.js',
  testSequencer: '<rootDir>/libs/testing/jest/sequencer.js',
  maxWorkers: '100%',
  // Specs always run in worker processes. A worker is replaced when its memory between specs exceeds this limit.
  workerIdleMemoryLimit: '1500MB',
  testTimeout: 60_000,
  globalSetup: '<rootDir>/libs/testing/jest/global-setup.js',
  globalTeardown: '<rootDir>/libs/testing/jest/global-teardown.js',
};
