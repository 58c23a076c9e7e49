import { MikroORM } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import type { AuthUser } from '@roost/http';
import { Problem } from '@roost/platform';
import { findPapers, type PaperRow } from '../paper/paper.queries.js';
import { PaperNumberer } from '../paper/paper-numberer.service.js';
import { visiblePayment } from '../payment/payment.queries.js';
import { type Receipt, toReceipt } from './receipt.dto.js';
import { visiblePaymentIds } from './receipt.queries.js';

/** Reads receipts. Only the guest and the host of a payment, and administrators, see them. */
@Injectable()
export class ReceiptReader {
  constructor(
    @Inject(MikroORM) private readonly orm: MikroORM,
    private readonly numberer: PaperNumberer,
  ) {}

  async one(viewer: AuthUser, paymentId: string): Promise<Receipt> {
    const payment = await visiblePayment(this.orm.em.fork(), paymentId, viewer);
    if (!payment) throw new Problem('payment.not_found');
    const receipt = toReceipt(await this.papersOf([payment.id]));
    if (!receipt) throw new Problem('receipt.not_found');
    return receipt;
  }

  /** The receipt of each payment in their order; null for a payment without one, or of other users. */
  async ofPayments(viewer: AuthUser, paymentIds: readonly string[]): Promise<(Receipt | null)[]> {
    const receipts = await this.visible(viewer, { paymentIds });
    return paymentIds.map((id) => receipts.find(({ paymentId }) => paymentId === id) ?? null);
  }

  /** The receipts of each booking in their order, oldest first. */
  async ofBookings(viewer: AuthUser, bookingIds: readonly string[]): Promise<Receipt[][]> {
    const receipts = await this.visible(viewer, { bookingIds });
    return bookingIds.map((id) => receipts.filter(({ bookingId }) => bookingId === id));
  }

  private async visible(
    viewer: AuthUser,
    subject: { paymentIds: readonly string[] } | { bookingIds: readonly string[] },
  ): Promise<Receipt[]> {
    const papers = await this.papersOf(await visiblePaymentIds(this.orm.em.fork(), viewer, subject));
    return [...Map.groupBy(papers, ({ paymentId }) => paymentId).values()]
      .flatMap((own) => toReceipt(own) ?? [])
      .sort((a, b) => a.issuedAt.localeCompare(b.issuedAt));
  }

  /** A paper has its number moments after the commit. A reader who is faster has it numbered now. */
  private async papersOf(paymentIds: readonly string[]): Promise<PaperRow[]> {
    const papers = await findPapers(this.orm.em.fork(), paymentIds);
    if (papers.every(({ number }) => number !== null)) return papers;
    await this.numberer.run();
    return findPapers(this.orm.em.fork(), paymentIds);
  }
}
