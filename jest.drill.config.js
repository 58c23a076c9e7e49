import base from './jest.config.js';

/** `npm run drill`: an installation that loses its data is restored. `ROOST_FAULTS=all` does it with Kafka as well. */
export default {
  ...base,
  testMatch: ['<rootDir>/apps/standalone/test/recovery.drill.ts'],
};
