import type { EntityManager } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { Clock, CONFIG, type Config, uuidv7 } from '@roost/platform';
import type { PaymentsConfig } from '../config.js';
import { type LegalEntity, legalEntityFor, sellerOf } from './domain/legal-entity.js';
import { creditNoteLines, debitNoteLines } from './domain/paper-lines.js';
import {
  findIssuer,
  findMissingPapers,
  findStayCountry,
  insertPaper,
  type Issuer,
  type NewPaper,
} from './paper.queries.js';

interface PaidPayment {
  id: string;
  changeId: string | null;
  bookingId: string;
  guestId: string;
  hostId: string;
  currency: string;
}

interface PaidRefund {
  id: string;
  reason: string;
  amountMinor: number;
  taxMinor: number;
}

type Content = Pick<NewPaper, 'kind' | 'refundId' | 'amountMinor' | 'lines' | 'occurredAt'>;

/** Issues receipts, credit notes and debit notes. They are numbered after the commit, see `PaperNumberer`. */
@Injectable()
export class PaperIssuer {
  private readonly entities: readonly LegalEntity[];
  private readonly dependsOnCountry: boolean;

  constructor(
    private readonly clock: Clock,
    @Inject(CONFIG) config: Config<typeof PaymentsConfig>,
  ) {
    this.entities = config.LEGAL_ENTITIES;
    this.dependsOnCountry = this.entities.some(({ countries }) => countries.length > 0);
  }

  /** Call it in the transaction that records the capture. */
  async issueReceipt(
    em: EntityManager,
    payment: PaidPayment,
    { amountMinor, occurredAt }: { amountMinor: number; occurredAt: Date },
  ): Promise<void> {
    await this.issue(em, payment, { kind: 'receipt', refundId: null, amountMinor, lines: null, occurredAt });
  }

  /** Call it in the transaction that records the paid refund. */
  async issueCreditNote(
    em: EntityManager,
    payment: PaidPayment,
    refund: PaidRefund,
    occurredAt: Date,
  ): Promise<void> {
    await this.issue(em, payment, {
      kind: 'credit_note',
      refundId: refund.id,
      amountMinor: refund.amountMinor,
      lines: creditNoteLines(refund),
      occurredAt,
    });
  }

  /** Cancels the credit note of a refund, as the entity that has issued it. Call it in the transaction that records that the refund was returned. */
  async issueDebitNote(
    em: EntityManager,
    payment: PaidPayment,
    refund: PaidRefund,
    occurredAt: Date,
  ): Promise<void> {
    const issuer = await findIssuer(em, refund.id);
    await this.issue(
      em,
      payment,
      {
        kind: 'debit_note',
        refundId: refund.id,
        amountMinor: refund.amountMinor,
        lines: debitNoteLines(refund),
        occurredAt,
      },
      issuer,
    );
  }

  /** Issues the papers of payments and refunds from before papers existed. Returns how many were missing. */
  async issueMissing(em: EntityManager, limit: number): Promise<number> {
    const missing = await findMissingPapers(em, limit);
    for (const { paymentId, refundId, reason, amountMinor, taxMinor, occurredAt, ...payment } of missing) {
      const paid = { ...payment, id: paymentId };
      if (refundId === null) await this.issueReceipt(em, paid, { amountMinor, occurredAt });
      else await this.issueCreditNote(em, paid, { id: refundId, reason, amountMinor, taxMinor }, occurredAt);
    }
    return missing.length;
  }

  private async issue(
    em: EntityManager,
    payment: PaidPayment,
    content: Content,
    issuer: Issuer | null = null,
  ): Promise<void> {
    const stayId = payment.changeId ?? payment.bookingId;
    await insertPaper(em, {
      ...content,
      ...(issuer ?? (await this.issuerOf(em, stayId, payment.currency))),
      id: uuidv7(),
      paymentId: content.kind === 'debit_note' ? null : payment.id,
      bookingId: payment.bookingId,
      stayId,
      guestId: payment.guestId,
      hostId: payment.hostId,
      currency: payment.currency,
      issuedAt: this.clock.now(),
    });
  }

  /** The entity that issues the papers of a stay by the settings of today. */
  private async issuerOf(em: EntityManager, stayId: string, currency: string): Promise<Issuer> {
    const countryCode = this.dependsOnCountry ? await findStayCountry(em, stayId) : null;
    const entity = legalEntityFor(this.entities, { countryCode, currency });
    return { legalEntity: entity.id, seller: sellerOf(entity) };
  }
}
