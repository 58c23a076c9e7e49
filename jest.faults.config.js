import base from './jest.config.js';

/**
 * `npm run test:faults`: behaviour during failures of processes and servers, with Kafka in addition to PostgreSQL and
 * Redis. `ROOST_FAULTS=all` runs the long version (see @roost/testing).
 */
export default {
  ...base,
  testMatch: ['<rootDir>/{apps,libs,tools}/**/*.faults.ts'],
  testTimeout: 180_000,
  globalSetup: '<rootDir>/libs/testing/jest/global-setup-faults.js',
};
