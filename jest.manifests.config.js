import base from './jest.config.js';

/** `npm run test:manifests`: the manifests of k8s/ against the API server of the lab, which it starts and stops. */
export default {
  ...base,
  testMatch: ['<rootDir>/tools/lab/test/*.manifests.ts'],
  maxWorkers: 1,
  testTimeout: 120_000,
  globalSetup: '<rootDir>/tools/lab/test/start-control-plane.js',
  globalTeardown: '<rootDir>/tools/lab/test/stop-lab.js',
};
