/**
 * The standing of accounts, mirrored from identity into the service: whether a user may act.
 *
 * A service imports `AccountStandingModule` in its app module, runs `Migration0000AccountStanding` before its own
 * migrations and lists `account_standing` among the projections of `identity.user`. Its use cases call
 * `requireActiveAccount(em, userId)`; statements embed `accountIsActive(column)`.
 */
export { AccountStandingModule } from './account-standing.module.js';
export {
  accountIsActive,
  inactiveAccounts,
  isActiveAccount,
  requireActiveAccount,
} from './account-standing.queries.js';
export { Migration0000AccountStanding } from './migration.js';
