import { isStorageFull } from '../database/database-errors.js';

/** Whether the disk of the database or of the files is full, from the errors of writes. */
export class StorageMonitor {
  #isFull = false;

  /** Call it with the error of a failed request. */
  record(error: unknown): void {
    if (isStorageFull(error)) this.#isFull = true;
  }

  /** For readiness: after an error for lack of space, throws until `probe`, which writes, succeeds. */
  async check(probe: () => Promise<unknown>): Promise<void> {
    if (!this.#isFull) return;
    await probe();
    this.#isFull = false;
  }
}
