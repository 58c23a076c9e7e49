import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { addProcessGauge } from '@roost/platform';

const NAME = 'roost_backup_last_success_timestamp_seconds';

/** Adds the time of the last backup to the metrics of this process, from the file that "roost backup run" writes. */
export function addBackupGauge(backupDir: string): void {
  const file = join(backupDir, 'roost_backup.prom');
  addProcessGauge(NAME, 'When the last backup was finished', () => {
    try {
      const value = new RegExp(`^${NAME} (\\d+)$`, 'm').exec(readFileSync(file, 'utf8'))?.[1];
      return value === undefined ? null : Number(value);
    } catch {
      // There is no backup yet.
      return null;
    }
  });
}
