import type { Env } from './launcher.js';
import type { Installation } from './installation.fixture.js';

/** How an installation is backed up and restored: the only difference between the recovery drills. */
export interface BackupMethod {
  /** Before the first start: adds the settings that Roost needs to `env`. */
  prepare(env: Env): Promise<void>;
  /** The first backup. Resolves with its size. */
  backUp(installation: Installation): Promise<number>;
  /** The next one of the schedule. */
  backUpAgain(installation: Installation): Promise<void>;
  /** Restores all databases to the instant, in a new data folder that the next start uses. */
  restore(installation: Installation, request: RestoreRequest): Promise<Restored>;
  /** The first backup of the restored installation. */
  backUpRestored(installation: Installation): Promise<void>;
  stop(): Promise<void>;
}

export interface RestoreRequest {
  to: Date;
  into: string;
  /** The file of `roost backup keys`. */
  keys: string;
}

export interface Restored {
  lastTransaction: Date;
  seconds: number;
}
