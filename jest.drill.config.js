import faults from './jest.faults.config.js';

/** `npm run drill`: an installation that loses its data is restored; minutes, so not a part of `npm run test:faults`. */
export default {
  ...faults,
  testMatch: ['<rootDir>/apps/standalone/test/recovery.drill.ts'],
};
