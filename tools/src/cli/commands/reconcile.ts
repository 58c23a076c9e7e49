import { setTimeout as pause } from 'node:timers/promises';
import type { LostMovement, RunDetailsView } from '@roost/app-payments';
import { checkBookingMoney } from '../../check/booking-money.check.js';
import type { Difference } from '../../check/difference.js';
import { type Call, type Command, OperatorError, type Output, type Row } from '../command.js';
import { confirm, CONFIRMED } from '../confirm.js';
import type { Replica } from '../replica.js';
import { findSystem, LOCATION, type System, withDatabases } from '../system.js';

/** Work that runs between two reads is reported by one of them only. */
const READS = 5;
const PAUSE_MS = 1_000;
/** How often the state of the run is read. */
const POLL_MS = 250;
const LOOK_AT_BOTH =
  'Compare GET /v1/bookings/{id} with GET /v1/admin/payments?bookingId={id}. Look for dead-lettered events: "dead-letters list".';

export const command: Command = {
  summary: 'Whether providers, payments, ledger and bookings agree about money.',
  actions: {
    run: {
      summary:
        'Compares all of them, as POST /v1/admin/reconciliation/runs does, and the database of bookings as well. Shows its progress, and lists each difference with what to do. Exit code 1 if there is one.',
      options: LOCATION,
      run,
    },
    adopt: {
      summary:
        'After a restore from a backup: enters the payouts and refunds that the providers have paid since, and that the restored databases do not have.',
      options: {
        'dry-run': { type: 'boolean', description: 'enter nothing, and only print what would be entered' },
        ...CONFIRMED,
        ...LOCATION,
      },
      run: adopt,
    },
  },
};

async function adopt({ options, out }: Call): Promise<void> {
  const { withReplica } = await import('../replica.js');
  const rows = await withReplica(findSystem(options), 'payments', async (payments) => {
    const { Adoption } = await import('@roost/app-payments');
    const lost: LostMovement[] = [];
    for await (const movement of payments.get(Adoption).find()) lost.push(movement);
    const isDryRun = options['dry-run'] === true;
    if (lost.length > 0 && !isDryRun)
      await confirm(`This enters ${lost.length} payouts and refunds into the books`, options);
    const result: (Row & { result: string })[] = [];
    for (const { kind, provider, ref, subject, currency, amountMinor, adopt: enter } of lost) {
      const obstacle = isDryRun ? 'not entered' : await enter();
      result.push({ kind, provider, ref, subject, currency, amountMinor, result: obstacle ?? 'entered' });
    }
    return result;
  });
  out.result(rows, rows);
  if (rows.some(({ result }) => result !== 'entered' && result !== 'not entered'))
    throw new OperatorError('Some could not be entered.');
}

async function run({ options, out }: Call): Promise<void> {
  const { withReplica } = await import('../replica.js');
  const system = findSystem(options);
  const found = await withReplica(system, 'payments', (payments) => reconcile(payments, out));
  const compared = await compareBookings(system);
  const count = found.differenceCount + compared.differences.length;
  out.progress(
    `${found.payments} payments, ${found.providerPayments} at the providers, ${found.movements} movements, ${compared.bookings} bookings: ${count} differences.`,
  );
  out.result({ ...found, bookings: compared.bookings, bookingDifferences: compared.differences }, [
    ...found.differences.map(
      ({ kind, paymentId, providerRef, currency, expectedMinor, foundMinor, detail, action }): Row => ({
        kind,
        subject: paymentId === null ? providerRef : `payment ${paymentId}`,
        currency,
        expected: expectedMinor,
        found: foundMinor,
        detail,
        action,
      }),
    ),
    ...compared.differences.map(({ rule, subject, description }): Row => ({
      kind: rule,
      subject,
      currency: null,
      expected: null,
      found: null,
      detail: description,
      action: LOOK_AT_BOTH,
    })),
  ]);
  if (count > 0) throw new OperatorError('There are differences.');
}

/** The result of a new run. The replica may compare itself, or another process of payments does. */
async function reconcile(payments: Replica, out: Output) {
  const { ReconciliationRunService, ReconciliationService } = await import('@roost/app-payments');
  const runs = payments.get(ReconciliationRunService);
  const { id } = await startWhenFree(runs, out);
  const run = await untilEnded(runs, id, ({ providerPayments }) =>
    out.progress(`${providerPayments} payments read at the providers …`),
  );
  if (run.status === 'failed') {
    throw new OperatorError(
      `The reconciliation ${id} failed (${run.failureCode}): see the log of payments, or run it again with LOG_LEVEL=error.`,
    );
  }
  const disputes = await payments.get(ReconciliationService).openDisputes();
  return { ...run, checkedAt: run.finishedAt, disputes };
}

interface Runs {
  start(scope: 'full', actor: 'command line'): Promise<RunDetailsView>;
  find(id: string): Promise<RunDetailsView>;
}

/** Only one reconciliation runs at a time. One that has started earlier may have missed the latest changes. */
async function startWhenFree(runs: Runs, out: Output): Promise<RunDetailsView> {
  for (;;) {
    try {
      return await runs.start('full', 'command line');
    } catch (error) {
      const { code, extra } = error as { code?: string; extra?: { runId?: string | null } };
      if (code !== 'payment.reconciliation_running') throw error;
      const id = extra?.runId ?? null;
      if (id === null) continue;
      out.progress(`Waiting for the reconciliation ${id}, which is running …`);
      await untilEnded(runs, id);
    }
  }
}

async function untilEnded(
  runs: Runs,
  id: string,
  onProgress?: (run: RunDetailsView) => void,
): Promise<RunDetailsView> {
  for (let shown = 0; ;) {
    const run = await runs.find(id);
    if (run.status !== 'running') return run;
    if (run.providerPayments > shown) onProgress?.(run);
    shown = run.providerPayments;
    await pause(POLL_MS);
  }
}

/** The differences that each of several reads finds: two databases have no common snapshot. */
async function compareBookings(system: System): Promise<{ bookings: number; differences: Difference[] }> {
  return withDatabases(system, ['bookings', 'payments'], async (databases) => {
    const query = async <R extends object>(database: string, text: string): Promise<R[]> =>
      (await databases.get(database as 'bookings' | 'payments')?.query(text))?.rows ?? [];
    let found = await checkBookingMoney(query);
    for (let read = 1; read < READS && found.differences.length > 0; read += 1) {
      await pause(PAUSE_MS);
      const again = await checkBookingMoney(query);
      const before = new Set(found.differences.map(textOf));
      found = { ...again, differences: again.differences.filter((each) => before.has(textOf(each))) };
    }
    return found;
  });
}

const textOf = ({ rule, subject, description }: Difference) => `${rule} ${subject} ${description}`;
