import base from './jest.config.js';

/** `npm run test:images`: builds the images, and runs the whole system of docker/compose.yaml with them. */
export default {
  ...base,
  testMatch: ['<rootDir>/tools/src/images/*.check.ts'],
  testTimeout: 900_000,
  maxWorkers: 1,
  globalSetup: undefined,
  globalTeardown: undefined,
};
