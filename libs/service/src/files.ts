import { join } from 'node:path';
import {
  type CommonConfig,
  DiskFileStore,
  type FileStore,
  type FileStoreConfig,
  type Health,
  S3FileStore,
  type StorageMonitor,
} from '@roost/platform';
import type { Logger } from 'pino';

interface FileParts {
  service: string;
  config: CommonConfig | (CommonConfig & FileStoreConfig);
  logger: Logger;
  health: Health;
  storage: StorageMonitor;
  undo: (() => unknown)[];
}

/** Opens the store of a service whose configuration includes `FileStoreConfig`; null for another service. */
export async function openFiles(parts: FileParts): Promise<FileStore | null> {
  const { service, config, logger, health, storage, undo } = parts;
  if (!('FILE_STORE' in config)) return null;
  if (config.FILE_STORE === 's3') {
    const files = new S3FileStore(service, config, logger);
    undo.push(() => files.close());
    await files.checkAtStart();
    // Optional: without photos, the service still answers everything else.
    health.addOptional('files', () => files.isAvailable);
    return files;
  }
  const folder = join(config.ROOST_DATA_DIR, 'files', service);
  const files = new DiskFileStore(folder, (error) => storage.record('files', error));
  storage.watch('files', () => files.probe());
  return files;
}
