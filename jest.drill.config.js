import base from './jest.config.js';

/**
 * `npm run drill`: an installation that loses its data is restored. `ROOST_FAULTS=all` does it with Kafka as well,
 * `ROOST_DRILL=s3` with backups in S3 instead of a folder.
 */
export default {
  ...base,
  testMatch: ['<rootDir>/apps/standalone/test/recovery.drill.ts'],
};
