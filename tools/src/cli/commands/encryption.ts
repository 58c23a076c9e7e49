import { Encryption } from '@roost/platform';
import type { ClientBase } from 'pg';
import { type Call, type Command, OperatorError } from '../command.js';
import { confirm, CONFIRMED } from '../confirm.js';
import { recordCommand } from '../event-operations.js';
import { findSystem, LOCATION, type ServiceName, type System, withDatabases } from '../system.js';

export const command: Command = {
  summary: 'Values that are stored encrypted.',
  actions: {
    rewrite: {
      summary:
        'Encrypts stored values again with ENCRYPTION_KEY, which ENCRYPTION_KEY_ALTERNATE still decrypts: a step of docs/runbooks/rotate-encryption-key.md. It can be repeated. Exit code 1 if neither key decrypts a value.',
      options: { ...LOCATION, ...CONFIRMED },
      run: rewrite,
    },
  },
};

interface EncryptedColumn {
  service: ServiceName;
  table: string;
  /** The columns of its primary key, which are compared as text. */
  key: readonly string[];
  column: string;
}

/** The context of an encrypted value is `table.column`. */
const COLUMNS: readonly EncryptedColumn[] = [
  { service: 'identity', table: 'signing_key', key: ['kid'], column: 'private_sealed' },
  { service: 'identity', table: 'totp_factor', key: ['user_id'], column: 'secret_sealed' },
  { service: 'payments', table: 'webhook_event', key: ['provider', 'id'], column: 'payload' },
];
const BATCH = 500;

interface Outcome {
  rewritten: number;
  current: number;
  unreadable: number;
}

async function rewrite({ options, out }: Call): Promise<void> {
  const system = findSystem(options);
  await confirm('Encrypted values are written again with ENCRYPTION_KEY', options);
  const services = [...new Set(COLUMNS.map(({ service }) => service))];
  const rows = await withDatabases(system, services, async (databases) => {
    const outcomes = [];
    for (const [service, client] of databases) {
      await recordCommand(system, service, {
        action: 'encryption.rewrite',
        subject: { type: 'service', id: service },
        reason: 'roost encryption rewrite',
      });
      const encryption = await encryptionOf(system, service);
      for (const column of COLUMNS.filter((one) => one.service === service)) {
        out.progress(`  ${service}: ${column.table}`);
        const outcome = await rewriteColumn(client, column, encryption);
        outcomes.push({ service, values: `${column.table}.${column.column}`, ...outcome });
      }
    }
    return outcomes;
  });
  out.result(rows, rows);
  if (rows.some(({ unreadable }) => unreadable > 0))
    throw new OperatorError(
      'Neither ENCRYPTION_KEY nor ENCRYPTION_KEY_ALTERNATE decrypts some values: they were encrypted with another key. Keep that key.',
    );
}

/** With the keys of the service, which may be in files or generated. */
async function encryptionOf(system: System, service: ServiceName): Promise<Encryption> {
  const { withReplica } = await import('../replica.js');
  return withReplica(system, service, async (replica) => replica.get(Encryption));
}

async function rewriteColumn(
  client: ClientBase,
  { table, key, column }: EncryptedColumn,
  encryption: Encryption,
): Promise<Outcome> {
  const outcome: Outcome = { rewritten: 0, current: 0, unreadable: 0 };
  const keys = key.map((name) => `${name}::text COLLATE "C"`);
  const parameters = key.map((_, index) => `$${index + 1}::text`);
  let after: string[] | null = null;
  for (;;) {
    // Empty: deleted with the personal data of an erased user.
    const { rows }: { rows: [...string[], string][] } = await client.query({
      rowMode: 'array',
      text: `SELECT ${key.map((name) => `${name}::text`).join(', ')}, ${column} FROM ${table}
        WHERE ${column} <> '' ${after ? `AND (${keys.join(', ')}) > (${parameters.join(', ')})` : ''}
        ORDER BY ${keys.join(', ')} LIMIT ${BATCH}`,
      values: after ?? [],
    });
    for (const row of rows) {
      const stored = row.at(-1) ?? '';
      after = row.slice(0, -1);
      const renewed = renew(encryption, stored, `${table}.${column}`);
      if (typeof renewed !== 'string') {
        outcome[renewed === null ? 'current' : 'unreadable'] += 1;
        continue;
      }
      // A value that the service has replaced meanwhile is encrypted with the current key.
      await client.query(
        `UPDATE ${table} SET ${column} = $${key.length + 1}
          WHERE (${key.map((name) => `${name}::text`).join(', ')}) = (${parameters.join(', ')})
            AND ${column} = $${key.length + 2}`,
        [...after, renewed, stored],
      );
      outcome.rewritten += 1;
    }
    if (rows.length < BATCH) return outcome;
  }
}

/** Null: encrypted with the current key already. Undefined: no key decrypts it. */
function renew(encryption: Encryption, stored: string, context: string): string | null | undefined {
  try {
    return encryption.renew(stored, context);
  } catch {
    return undefined;
  }
}
