/**
 * The standing of accounts, mirrored from identity into the service: whether a user may act; and their erasure.
 *
 * A service imports `AccountStandingModule` in its app module, runs `Migration0000AccountStanding` before its own
 * migrations and lists `account_standing` among the projections of `identity.user`. Its use cases call
 * `requireActiveAccount(em, userId)`; statements embed `accountIsActive(column)`.
 *
 * To erase users it runs `Migration0000AccountErasure`, and provides `AccountErasureConsumer`, `AccountEraser` and an
 * `Erasure`.
 *
 * To export the data of users it runs `Migration0000AccountExport`, and provides `AccountExportConsumer`,
 * `ExportPartController`, `AccountExporter`, `ExportPartService` and a `PersonalData`.
 */
export { AccountEraser } from './account-eraser.jobs.js';
export { AccountErasureConsumer } from './account-erasure.consumer.js';
export { AccountExportConsumer } from './account-export.consumer.js';
export { AccountExporter } from './account-exporter.jobs.js';
export { ExportPartController } from './export-part.controller.js';
export { ExportPartService } from './export-part.service.js';
export { type ExportSection, PersonalData } from './personal-data.port.js';
export { Erasure } from './erasure.port.js';
export { AccountStandingModule } from './account-standing.module.js';
export {
  accountIsActive,
  inactiveAccounts,
  isActiveAccount,
  isErasedAccount,
  requireActiveAccount,
} from './account-standing.queries.js';
export {
  Migration0000AccountErasure,
  Migration0000AccountExport,
  Migration0000AccountStanding,
} from './migration.js';
export { StandingChange } from './standing-change.port.js';
