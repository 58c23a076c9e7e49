import { Instant, IsoDate, Uuid } from '@roost/http';
import { sum } from '@roost/money';
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

const DebitNote = z
  .object({
    id: Uuid,
    number: PaperNumber,
    refundId: Uuid,
    creditNoteNumber: PaperNumber.nullable().meta({ description: 'The credit note that it cancels.' }),
    returnedAt: Instant.meta({ description: 'When the bank of the guest returned the refund.' }),
    issuedAt: Instant,
    amountMinor: Minor,
    lines: z.array(PaperLineView),
  })
  .meta({ id: 'DebitNote' });

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
    debitNotes: z.array(DebitNote).meta({
      description: 'Each cancels the credit note of a refund that the bank of the guest has returned.',
    }),
    creditedMinor: Minor.meta({ description: 'The sum of the credit notes, less the debit notes.' }),
    url: z.string().meta({ description: 'The path of the printable receipt.' }),
  })
  .meta({ id: 'Receipt' });
export type Receipt = z.output<typeof Receipt>;

const numberOf = ({ seller, number, id }: PaperRow): string => {
  if (number === null) throw new Error(`The paper ${id} has no number yet`);
  return paperNumber(seller, number);
};

const noteOf = (note: PaperRow) => ({
  id: note.id,
  number: numberOf(note),
  refundId: note.refundId ?? '',
  issuedAt: note.issuedAt.toISOString(),
  amountMinor: note.amountMinor,
  lines: note.lines,
});

const totalOf = (notes: readonly { amountMinor: number }[]) =>
  sum(notes.map(({ amountMinor }) => amountMinor));

/** `papers` are all papers of one payment, the receipt first. Null without a receipt. */
export function toReceipt(papers: readonly PaperRow[]): Receipt | null {
  const [receipt, ...notes] = papers;
  if (receipt?.kind !== 'receipt') return null;
  const { name, addressLines, countryCode, taxId } = receipt.seller;
  const creditNotes = notes
    .filter(({ kind }) => kind === 'credit_note')
    .map((note) => ({ ...noteOf(note), refundedAt: note.occurredAt.toISOString() }));
  const debitNotes = notes
    .filter(({ kind }) => kind === 'debit_note')
    .map((note) => ({
      ...noteOf(note),
      creditNoteNumber: creditNotes.find(({ refundId }) => refundId === note.refundId)?.number ?? null,
      returnedAt: note.occurredAt.toISOString(),
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
    debitNotes,
    creditedMinor: totalOf(creditNotes) - totalOf(debitNotes),
    url: `/v1/payments/${receipt.paymentId}/receipt`,
  };
}
