import { type AdminAction, insertAdminAction } from '@roost/audit';
import { type EventOperations, openEventOperations } from '@roost/messaging';
import { type ServiceName, type System, withDatabases } from './system.js';

/** Opens the outboxes and dead letters of these services during `work`. */
export async function withEventOperations<T>(
  system: System,
  services: readonly ServiceName[],
  work: (operations: ReadonlyMap<ServiceName, EventOperations>) => Promise<T>,
): Promise<T> {
  // Reports a database that can't be used in one sentence.
  await withDatabases(system, services, async () => undefined);
  const operations = new Map<ServiceName, EventOperations>();
  try {
    for (const service of services)
      operations.set(service, await openEventOperations(service, system.databaseUrl(service)));
    return await work(operations);
  } finally {
    for (const { close } of operations.values()) await close();
  }
}

/** Records an action whose effect is not in the database, before it is attempted, as the routes do. */
export function recordAttempt(
  { transactions }: EventOperations,
  action: Omit<AdminAction, 'actor'>,
): Promise<void> {
  return transactions.run((em) => insertAdminAction(em, { ...action, actor: 'command line' }, new Date()), {
    isolation: 'read committed',
  });
}

/** Records a command whose effect spans many transactions, before it runs, in the audit log of this service. */
export async function recordCommand(
  system: System,
  service: ServiceName,
  action: Omit<AdminAction, 'actor'>,
): Promise<void> {
  await withEventOperations(system, [service], async (services) => {
    for (const operations of services.values()) await recordAttempt(operations, action);
  });
}

/** Runs `work` in the transaction that records the action in the audit log of the service, as the routes do. */
export function audited<T>(
  { transactions }: EventOperations,
  action: Omit<AdminAction, 'actor'>,
  work: () => Promise<T>,
): Promise<T> {
  return transactions.run(
    async (em) => {
      const result = await work();
      await insertAdminAction(em, { ...action, actor: 'command line' }, new Date());
      return result;
    },
    { isolation: 'read committed' },
  );
}
