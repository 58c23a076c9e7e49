/** The subject "app" of the postings of bench:payments: the ledger of a running payments service, one capture per transaction. */
import { LedgerService, payments } from '@roost/app-payments';
import { EmbeddedBus, Transactions } from '@roost/messaging';
import { startService } from '@roost/service';
import { serveWork } from './harness/work-server.js';
import { CURRENCY, idOf, partiesOf, SPLIT, TOTAL_MINOR } from './payments-data.js';

const service = await startService(payments, { env: { ...process.env, PORT: '0' }, bus: new EmbeddedBus() });
const [ledger, transactions] = [service.get(LedgerService), service.get(Transactions)];

await serveWork(async (number) => {
  const { guestId, hostId } = partiesOf(number);
  const id = idOf(`payment ${number}`);
  const guest = { code: 'guest', ownerId: guestId } as const;
  const owned = (code: 'provider_clearing' | 'platform_revenue' | 'tax_payable') => ({ code, ownerId: null });
  await transactions.run(
    (em) =>
      ledger.post(em, {
        ...{ key: `capture:${id}`, currency: CURRENCY, paymentId: id, bookingId: id, occurredAt: new Date() },
        legs: [
          { debit: owned('provider_clearing'), credit: guest, amountMinor: TOTAL_MINOR },
          { debit: guest, credit: { code: 'host_payable', ownerId: hostId }, amountMinor: SPLIT.hostMinor },
          { debit: guest, credit: owned('platform_revenue'), amountMinor: SPLIT.platformMinor },
          { debit: guest, credit: owned('tax_payable'), amountMinor: SPLIT.taxMinor },
        ],
      }),
    { isolation: 'read committed' },
  );
});
