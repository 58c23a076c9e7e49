/** Every spec of the suite runs from here: `npm test -- <path or pattern>` narrows it. */
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
  // Always in a process of their own, which gives way to a new one when what its specs have left behind has grown to this.
  workerIdleMemoryLimit: '1500MB',
  testTimeout: 60_000,
  globalSetup: '<rootDir>/libs/testing/jest/global-setup.js',
  globalTeardown: '<rootDir>/libs/testing/jest/global-teardown.js',
};
