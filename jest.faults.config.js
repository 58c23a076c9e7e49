import base from './jest.config.js';

/**
 * `npm run test:faults`: what happens when parts die, on a real Kafka beside PostgreSQL and Redis. `ROOST_FAULTS=all` is
 * the long version (see @roost/testing).
 */
export default {
  ...base,
  testMatch: ['<rootDir>/{apps,libs,tools}/**/*.faults.ts'],
  testTimeout: 180_000,
  globalSetup: '<rootDir>/libs/testing/jest/global-setup-faults.js',
};
