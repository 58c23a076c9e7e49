import type { BackupMethod, Restored, RestoreRequest } from './backup-method.js';
import type { Installation } from './installation.fixture.js';
import { type Env, freshFolder } from './launcher.js';

/** `roost backup` and `roost restore`, with a folder. */
export class FolderBackup implements BackupMethod {
  async prepare(env: Env): Promise<void> {
    env.BACKUP_DIR = freshFolder();
  }

  async backUp({ operator }: Installation): Promise<number> {
    const { bytes } = await operator.json<{ bytes: number }>('backup', 'run');
    return bytes;
  }

  /** Incremental. */
  async backUpAgain(installation: Installation): Promise<void> {
    await installation.command('backup', 'run');
    await installation.command('backup', 'verify');
  }

  async restore({ operator }: Installation, { to, into, keys }: RestoreRequest): Promise<Restored> {
    const restored = await operator.json<{ restoredTo: string; lastTransaction: string; seconds: number }>(
      ...['restore', 'run', '--to', to.toISOString(), '--into', into, '--keys', keys],
    );
    expect(restored.restoredTo).toBe(to.toISOString());
    return { lastTransaction: new Date(restored.lastTransaction), seconds: restored.seconds };
  }

  async backUpRestored({ operator }: Installation): Promise<void> {
    const backup = await operator.json<{ kind: string }>('backup', 'run', '--full');
    expect(backup.kind).toBe('full');
  }

  async stop(): Promise<void> {}
}
