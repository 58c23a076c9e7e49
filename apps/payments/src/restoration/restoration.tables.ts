/**
 * Created by a migration, and by `markRestored` in a backup from before that migration. `restoration`: payouts wait while one
 * has not ended. `paper_gap`: numbers that may be on papers which the backup does not have; they are not used again. As in a
 * migration, these statements never change: a later migration changes the tables.
 */
export const RESTORATION_TABLES = [
  `CREATE TABLE IF NOT EXISTS restoration (
     position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
     restored_to timestamptz NOT NULL,
     restored_at timestamptz NOT NULL DEFAULT clock_timestamp(),
     -- a complete reconciliation found no difference, or an operator accepted those that it found
     ended_at timestamptz,
     ended_because text,
     CHECK ((ended_at IS NULL) = (ended_because IS NULL))
   )`,
  `CREATE TABLE IF NOT EXISTS paper_gap (
     legal_entity text NOT NULL,
     first_number bigint NOT NULL,
     last_number bigint NOT NULL CHECK (last_number >= first_number),
     PRIMARY KEY (legal_entity, first_number)
   )`,
] as const;
