import { sql } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { type ExportSection, PersonalData } from '@roost/accounts';
import { toPaymentViewWithoutSecrets } from '../payment/payment.dto.js';
import { Payment } from '../payment/payment.entity.js';
import { withLines } from '../payout/payout-list.queries.js';
import { type PayoutAccount, payoutAccountColumns } from '../payout/payout-account.queries.js';
import { toAccountView } from '../payout/payout-account.dto.js';
import { toPayoutView } from '../payout/payout.dto.js';
import { type Payout, payoutColumns } from '../payout/payout.queries.js';

/** As the guest and the host of a payment see it. Names are in the export of identity. */
@Injectable()
export class PaymentsPersonalData extends PersonalData {
  sections(userId: string): ExportSection[] {
    const isParty = sql`${userId}::uuid IN (guest_id, host_id)`;
    return [
      {
        name: 'payments',
        rows: sql`SELECT id FROM payment WHERE ${isParty} ORDER BY id`,
        view: async (em, rows: { id: string }[]) => {
          const ids = rows.map(({ id }) => id);
          const payments = await em.find(Payment, { id: { $in: ids } }, { orderBy: { id: 'asc' } });
          return payments.map(toPaymentViewWithoutSecrets);
        },
      },
      {
        name: 'paymentMethods',
        rows: sql`SELECT o.payment_id AS "paymentId", o.payment_method AS "paymentMethod", o.created_at AS "createdAt"
          FROM payment p JOIN payment_operation o ON o.payment_id = p.id
          WHERE p.guest_id = ${userId} AND o.payment_method IS NOT NULL ORDER BY o.created_at, o.id`,
      },
      {
        name: 'refunds',
        rows: sql`SELECT r.id, p.booking_id AS "bookingId", r.payment_id AS "paymentId", r.amount_minor AS "amountMinor",
          p.currency, r.reason, r.status, r.created_at AS "createdAt", r.finished_at AS "finishedAt"
          FROM refund r JOIN payment p ON p.id = r.payment_id WHERE ${isParty} ORDER BY r.created_at, r.id`,
      },
      {
        name: 'papers',
        rows: sql`SELECT id, kind, legal_entity AS "legalEntity", number, booking_id AS "bookingId",
          payment_id AS "paymentId", refund_id AS "refundId", currency, amount_minor AS "amountMinor",
          listing_title AS "listingTitle", check_in_date AS "checkInDate", check_out_date AS "checkOutDate", lines,
          occurred_at AS "occurredAt", issued_at AS "issuedAt" FROM paper
          WHERE booking_id IN (SELECT booking_id FROM payment WHERE ${isParty}) ORDER BY id`,
      },
      {
        name: 'payouts',
        rows: sql`SELECT ${payoutColumns()} FROM payout p WHERE p.host_id = ${userId} ORDER BY p.id`,
        view: async (em, rows: Payout[]) => (await withLines(em, rows)).map(toPayoutView),
      },
      {
        name: 'payoutAccounts',
        rows: sql`SELECT ${payoutAccountColumns()} FROM payout_account WHERE host_id = ${userId} ORDER BY id`,
        view: (_, rows: PayoutAccount[]) => rows.map(toAccountView),
      },
    ];
  }
}
