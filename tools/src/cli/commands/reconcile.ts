import { type Call, type Command, OperatorError, type Row } from '../command.js';
import { findSystem, LOCATION } from '../system.js';

export const command: Command = {
  summary: 'Whether providers, payments, ledger and bookings agree about money.',
  actions: {
    run: {
      summary:
        'Compares all of them, as GET /v1/admin/reconciliation does, and lists each difference with what to do. Exit code 1 if there is one.',
      options: LOCATION,
      run,
    },
  },
};

async function run({ options, out }: Call): Promise<void> {
  const { ReconciliationService } = await import('@roost/app-payments');
  const { withReplica } = await import('../replica.js');
  const found = await withReplica(findSystem(options), 'payments', (payments) =>
    payments.get(ReconciliationService).run(),
  );
  out.progress(
    `${found.payments} payments, ${found.providerPayments} at the providers, ${found.movements} movements: ${found.differences.length} differences.`,
  );
  out.result(
    found,
    found.differences.map(({ kind, paymentId, currency, expectedMinor, foundMinor, action }): Row => ({
      kind,
      payment: paymentId,
      currency,
      expected: expectedMinor,
      found: foundMinor,
      action,
    })),
  );
  if (found.differences.length > 0) throw new OperatorError('There are differences.');
}
