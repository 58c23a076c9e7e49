import { Injectable } from '@nestjs/common';
import { Transactions } from '@roost/messaging';
import {
  bookingDifferences,
  currencyTotals,
  paymentDifferences,
  unbalancedGuestAccounts,
} from './ledger-check.queries.js';
import type { ReconciliationCheck } from './reconciliation-check.js';
import { difference, type Difference } from './reconciliation.dto.js';

/** Checks that the ledger is balanced and agrees with payments and bookings. Reads only, and computes from the movements. */
@Injectable()
export class LedgerCheckService implements ReconciliationCheck {
  constructor(private readonly transactions: Transactions) {}

  async *run(): AsyncIterable<Difference> {
    // One snapshot for all statements: a concurrent write is no difference.
    yield* await this.transactions.run(async (em) => {
      const totals = await currencyTotals(em);
      const guests = await unbalancedGuestAccounts(em);
      const payments = await paymentDifferences(em);
      const bookings = await bookingDifferences(em);
      return [
        ...totals
          .filter((row) => row.net !== 0)
          .map((row) =>
            difference('ledger.unbalanced', 'Debits and credits differ', {
              currency: row.currency,
              expectedMinor: 0,
              foundMinor: row.net,
            }),
          ),
        ...guests.map((row) =>
          difference('ledger.unbalanced', "The guest's payment is not fully attributed to the parties", {
            paymentId: row.payment_id,
            currency: row.currency,
            expectedMinor: 0,
            foundMinor: row.net,
          }),
        ),
        ...payments.map((row) =>
          difference('ledger.payment_differs', `The payment and its movements differ: ${row.what}`, {
            paymentId: row.id,
            currency: row.currency,
            expectedMinor: row.expected,
            foundMinor: row.found,
          }),
        ),
        ...bookings.map((row) =>
          difference(
            'booking.split_differs',
            `Booking ${row.booking_id} and the ledger differ in the amount of ${row.what}`,
            { currency: row.currency, expectedMinor: row.expected, foundMinor: row.found },
          ),
        ),
      ];
    });
  }
}
