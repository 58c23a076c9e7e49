import base from './jest.config.js';

/** `npm run test:cluster`: Roost on the cluster of the lab, which it starts, and stops if it did not run before. */
export default {
  ...base,
  testMatch: ['<rootDir>/tools/lab/test/*.cluster.ts'],
  maxWorkers: 1,
  testTimeout: 900_000,
  globalSetup: '<rootDir>/tools/lab/test/start-cluster.js',
  globalTeardown: '<rootDir>/tools/lab/test/stop-lab.js',
};
