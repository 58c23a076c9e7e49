import { resolve } from 'node:path';
import { acceptDifferences, listRestorations } from '@roost/app-payments/restoration';
import { ownerOf } from '@roost/embedded';
import { backupFolderOf } from '../backup/backup-folder.js';
import { keysOf, readKeys } from '../backup/keys.js';
import { prepareDatabase } from '../backup/prepare-databases.js';
import { restoreBackup } from '../backup/restore-backup.js';
import { type Call, type Command, OperatorError, UsageError } from '../command.js';
import { confirm, CONFIRMED } from '../confirm.js';
import { recordCommand } from '../event-operations.js';
import { dataDirOf, findSystem, LOCATION, servicesOf, withDatabases } from '../system.js';

const TO = {
  to: {
    type: 'string',
    description: 'an instant such as 2027-05-01T13:00:00Z (default: the end of the archive)',
  },
} as const;

export const command: Command = {
  summary: 'Restores an installation to an earlier instant: docs/backup.md.',
  actions: {
    run: {
      summary:
        'Restores all databases and files from "roost backup" to one instant, in a new data folder. Nothing is changed in the old one. Payouts wait until the reconciliation finds no difference.',
      options: {
        ...TO,
        from: { type: 'string', description: 'the folder of the backups (default: BACKUP_DIR)' },
        into: { type: 'string', description: 'the new data folder; it must not exist, or be empty' },
        keys: {
          type: 'string',
          description:
            'the file of "roost backup keys" (default: the keys of the old data folder, or variables)',
        },
        beside: {
          type: 'boolean',
          description: 'also while the old Roost runs; do not start both with real money',
        },
        'data-dir': LOCATION['data-dir'],
      },
      run,
    },
    mark: {
      summary:
        'Prepares databases that another tool has restored, before their services start: payouts wait for the reconciliation, calls to providers are checked first, and every event is published again.',
      options: {
        to: {
          type: 'string',
          description: 'the instant to which they were restored, such as 2027-05-01T13:00:00Z',
        },
        service: { type: 'string', description: 'only the database of this service' },
        ...CONFIRMED,
        ...LOCATION,
      },
      run: mark,
    },
    status: {
      summary: 'The restores of this installation, and whether payouts still wait.',
      options: LOCATION,
      run: status,
    },
    accept: {
      summary: 'Lets payouts continue although the reconciliation finds differences.',
      options: {
        reason: { type: 'string', description: 'why; it is stored' },
        ...CONFIRMED,
        ...LOCATION,
      },
      run: accept,
    },
  },
};

async function run({ options, out }: Call): Promise<void> {
  if (options.into === undefined) throw new UsageError('Pass a new data folder with --into.');
  const until = instantOf(options.to);
  const old = dataDirOf(options);
  const owner = ownerOf(old);
  if (owner !== null && options.beside !== true) {
    throw new OperatorError(
      `A Roost (process ${owner}) runs on ${old}: stop it, because two of them would charge, refund and pay the same bookings. For a test restore add --beside.`,
    );
  }
  const restored = await restoreBackup({
    folder: backupFolderOf(options.from, 'from'),
    dataDir: resolve(String(options.into)),
    until,
    keys: options.keys === undefined ? keysOf(old) : readKeys(String(options.keys)),
    out,
  });
  out.result(restored, [
    {
      'from backup': restored.backup,
      'restored to': restored.restoredTo.toISOString(),
      'last transaction': restored.lastTransaction?.toISOString() ?? null,
      files: restored.files,
      seconds: restored.seconds,
    },
  ]);
  out.progress(
    `Start it with ROOST_DATA_DIR=${restored.dataDir} npm start, then run "roost reconcile run": payouts wait until it finds no difference. Take a full backup.`,
  );
}

function instantOf(given: string | boolean | undefined): Date | null {
  if (given === undefined) return null;
  const instant = new Date(String(given));
  const hasZone = /T.*(Z|[+-]\d\d:?\d\d)$/.test(String(given));
  if (Number.isNaN(instant.getTime()) || !hasZone)
    throw new UsageError('--to must be an instant with its time zone, such as 2027-05-01T13:00:00Z.');
  if (instant > new Date()) throw new UsageError('--to is in the future.');
  return instant;
}

async function mark({ options, out }: Call): Promise<void> {
  const restoredTo = instantOf(options.to);
  if (restoredTo === null) throw new UsageError('Pass the instant of the restore with --to.');
  const services = servicesOf(options);
  await withDatabases(findSystem(options), services, async (databases) => {
    await confirm(`This marks ${services.join(', ')} as restored to ${restoredTo.toISOString()}`, options);
    for (const [service, client] of databases) await prepareDatabase(client, service, restoredTo);
    out.result(
      { services, restoredTo },
      services.map((service) => ({ service, 'restored to': restoredTo.toISOString() })),
    );
  });
}

async function status({ options, out }: Call): Promise<void> {
  await withDatabases(findSystem(options), ['payments'], async (databases) => {
    const client = databases.get('payments');
    const restorations = client ? await listRestorations(client) : [];
    out.result(
      restorations,
      restorations.map(({ restoredTo, restoredAt, endedAt, endedBecause }) => ({
        'restored to': restoredTo.toISOString(),
        at: restoredAt.toISOString(),
        payouts: endedAt ? `continue since ${endedAt.toISOString()}` : 'wait',
        because: endedBecause ?? 'run "roost reconcile run"',
      })),
    );
  });
}

async function accept({ options, out }: Call): Promise<void> {
  const reason = String(options.reason ?? '').trim();
  if (reason === '') throw new UsageError('Pass a --reason: it is stored.');
  const system = findSystem(options);
  await withDatabases(system, ['payments'], async (databases) => {
    for (const client of databases.values()) {
      const open = (await listRestorations(client)).filter(({ endedAt }) => endedAt === null);
      if (open.length === 0) throw new OperatorError('Payouts do not wait for a restore.');
      await confirm('Payouts continue: a host whose payout was lost in the restore is paid again', options);
      await recordCommand(system, 'payments', {
        action: 'restoration.accept',
        subject: { type: 'service', id: 'payments' },
        reason,
        details: { restoredTo: open.map(({ restoredTo }) => restoredTo.toISOString()) },
      });
      const ended = await acceptDifferences(client, reason);
      out.result({ ended }, [{ payouts: 'continue', because: reason }]);
    }
  });
}
