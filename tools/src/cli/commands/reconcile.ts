import { setTimeout as pause } from 'node:timers/promises';
import { checkBookingMoney } from '../../check/booking-money.check.js';
import type { Difference } from '../../check/difference.js';
import { type Call, type Command, OperatorError, type Row } from '../command.js';
import { findSystem, LOCATION, type System, withDatabases } from '../system.js';

/** Work that runs between two reads is reported by one of them only. */
const READS = 5;
const PAUSE_MS = 1_000;
const LOOK_AT_BOTH =
  'Compare GET /v1/bookings/{id} with GET /v1/admin/payments?bookingId={id}. Look for dead-lettered events: "dead-letters list".';

export const command: Command = {
  summary: 'Whether providers, payments, ledger and bookings agree about money.',
  actions: {
    run: {
      summary:
        'Compares all of them, as GET /v1/admin/reconciliation does, and the database of bookings as well. Lists each difference with what to do. Exit code 1 if there is one.',
      options: LOCATION,
      run,
    },
  },
};

async function run({ options, out }: Call): Promise<void> {
  const { ReconciliationService } = await import('@roost/app-payments');
  const { withReplica } = await import('../replica.js');
  const system = findSystem(options);
  const found = await withReplica(system, 'payments', (payments) =>
    payments.get(ReconciliationService).run(),
  );
  const compared = await compareBookings(system);
  const count = found.differences.length + compared.differences.length;
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
