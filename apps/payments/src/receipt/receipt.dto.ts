import { Instant, IsoDate, Uuid } from '@roost/http';
import { z } from 'zod';
import { paperNumber } from '../paper/domain/legal-entity.js';
import { completeLines, paperLineKinds } from '../paper/domain/paper-lines.js';
import type { PaperRow } from '../paper/paper.queries.js';

const Minor = z.int().meta({ description: 'Amount in minor units of the currency.' });
const PaperNumber = z
  .string()
  .meta({ description: 'Consecutive per legal entity.', examples: ['DE-000042'] });

const PaperLineView = z
  .object({
    kind: z.enum(paperLineKinds),
    date: IsoDate.nullable().meta({ description: 'The date of the night, for lines of kind `night`.' }),
    label: z.string(),
    amountMinor: Minor,
  })
  .meta({ id: 'ReceiptLine' });

const CreditNote = z
  .object({
    id: Uuid,
    number: PaperNumber,
    refundId: Uuid,
    refundedAt: Instant,
    issuedAt: Instant,
    amountMinor: Minor,
    lines: z.array(PaperLineView),
  })
  .meta({ id: 'CreditNote' });

export const Receipt = z
  .object({
    id: Uuid,
    number: PaperNumber,
    paymentId: Uuid,
    bookingId: Uuid,
    paidAt: Instant,
    issuedAt: Instant,
    seller: z
      .object({
        name: z.string(),
        addressLines: z.array(z.string()),
        countryCode: z.string(),
        taxId: z.string().nullable(),
      })
      .meta({ id: 'ReceiptSeller' }),
    guestName: z
      .string()
      .nullable()
      .meta({ description: 'The public name of today; null after an erasure.' }),
    hostName: z.string().nullable().meta({ description: 'The public name of today; null after an erasure.' }),
    listingTitle: z.string().nullable(),
    checkInDate: IsoDate.nullable(),
    checkOutDate: IsoDate.nullable(),
    currency: z.string(),
    amountMinor: Minor,
    lines: z.array(PaperLineView),
    creditNotes: z.array(CreditNote),
    creditedMinor: Minor.meta({ description: 'The sum of the credit notes.' }),
    url: z.string().meta({ description: 'The path of the printable receipt.' }),
  })
  .meta({ id: 'Receipt' });
export type Receipt = z.output<typeof Receipt>;

const numberOf = ({ seller, number, id }: PaperRow): string => {
  if (number === null) throw new Error(`The paper ${id} has no number yet`);
  return paperNumber(seller, number);
};

/** `papers` are all papers of one payment, the receipt first. Null without a receipt. */
export function toReceipt(papers: readonly PaperRow[]): Receipt | null {
  const [receipt, ...notes] = papers;
  if (receipt?.kind !== 'receipt') return null;
  const { name, addressLines, countryCode, taxId } = receipt.seller;
  const creditNotes = notes.map((note) => ({
    id: note.id,
    number: numberOf(note),
    refundId: note.refundId ?? '',
    refundedAt: note.occurredAt.toISOString(),
    issuedAt: note.issuedAt.toISOString(),
    amountMinor: note.amountMinor,
    lines: note.lines,
  }));
  return {
    id: receipt.id,
    number: numberOf(receipt),
    paymentId: receipt.paymentId,
    bookingId: receipt.bookingId,
    paidAt: receipt.occurredAt.toISOString(),
    issuedAt: receipt.issuedAt.toISOString(),
    seller: { name, addressLines, countryCode, taxId },
    guestName: receipt.guestName,
    hostName: receipt.hostName,
    listingTitle: receipt.listingTitle,
    checkInDate: receipt.checkInDate,
    checkOutDate: receipt.checkOutDate,
    currency: receipt.currency,
    amountMinor: receipt.amountMinor,
    lines: completeLines(receipt.lines, receipt.amountMinor),
    creditNotes,
    creditedMinor: creditNotes.reduce((total, note) => total + note.amountMinor, 0),
    url: `/v1/payments/${receipt.paymentId}/receipt`,
  };
}
