import { createHash } from 'node:crypto';
import { acceptedLanguages, contentSecurityPolicy } from '@roost/http';
import { formatMoney } from '@roost/money';
import { nightCount } from '@roost/stay';
import { type ReceiptRow, receiptRows } from './domain/receipt-rows.js';
import type { Receipt } from './receipt.dto.js';

/** The texts are English; amounts and dates follow the reader's English locale. */
const LANGUAGE = 'en';

/** The preferred English locale of an `Accept-Language` header, such as `en-GB`. */
export function englishLocale(acceptLanguage: string | undefined): string {
  return acceptedLanguages(acceptLanguage).find((tag) => /^en(?:-[A-Z]{2})?$/.test(tag)) ?? LANGUAGE;
}

const STYLE = `
:root{color-scheme:light}
body{font:16px/1.45 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;color:#1f1d1a;background:#fff}
h1{font-size:1.6rem;margin:0}h2{font-size:1.05rem;margin:1.4rem 0 .3rem}
header{display:flex;flex-wrap:wrap;justify-content:space-between;gap:1rem}
address{font-style:normal;text-align:end}p{margin:.2rem 0}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.1rem 1rem;margin:.8rem 0}dt{color:#5c554d}dd{margin:0}
dd,td:first-child,th[scope=row],address{overflow-wrap:anywhere}
table{width:100%;border-collapse:collapse}caption{text-align:start;font-weight:600;padding:.3rem 0}
th,td{text-align:start;padding:.25rem .4rem;border-bottom:1px solid #d9d3ca;vertical-align:top}
thead th{color:#5c554d;font-weight:400}tfoot th,tfoot td{font-weight:600;border-bottom:0}
.amount{text-align:end;white-space:nowrap;font-variant-numeric:tabular-nums}
footer{margin-top:1.4rem;color:#5c554d;font-size:.875rem}
@page{margin:12mm 14mm}
@media print{body{font-size:9.5pt;line-height:1.25;max-width:none;margin:0;padding:0}tr{break-inside:avoid}h1{font-size:15pt}
dl{margin:.4rem 0}th,td{padding:.12rem .3rem}caption{padding:.15rem 0}footer{margin-top:.6rem;font-size:8pt}}`;

const styleHash = createHash('sha256').update(STYLE).digest('base64');

/** Nothing but the style of the page: no scripts, images or requests. */
export const RECEIPT_POLICY = contentSecurityPolicy({ 'style-src': `'sha256-${styleHash}'` });

const escape = (text: string) => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
/** Texts of users may run from right to left. */
const isolated = (text: string) => `<bdi>${escape(text)}</bdi>`;
const NO_NAME = 'Not available';

interface Format {
  money(amountMinor: number): string;
  date(date: string): string;
}

function formatFor(currency: string, locale: string): Format {
  const day = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeZone: 'UTC' });
  return {
    money: (amountMinor) => escape(formatMoney(amountMinor, currency, locale)),
    date: (date) => escape(day.format(new Date(date))),
  };
}

/** The receipt of a payment with its credit and debit notes, on one page when it is printed. */
export function receiptPage(receipt: Receipt, locale: string): string {
  const format = formatFor(receipt.currency, locale);
  return `<!doctype html>
<html lang="${LANGUAGE}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Receipt ${escape(receipt.number)}</title><style>${STYLE}</style></head><body>
${header(receipt, format)}
<main>
${stay(receipt, format)}
${amounts(receipt, format)}
${notes(receipt, format)}
</main>
<footer><p>All amounts are in ${escape(receipt.currency)}. Dates of documents are in UTC. Payment ${escape(receipt.paymentId)}</p></footer>
</body></html>
`;
}

function header({ seller, number, issuedAt, paidAt }: Receipt, format: Format): string {
  const lines = [
    ...seller.addressLines,
    seller.countryCode,
    ...(seller.taxId ? [`Tax ID ${seller.taxId}`] : []),
  ];
  return `<header><div><h1>Receipt ${escape(number)}</h1>
<dl><dt>Issued</dt><dd>${format.date(issuedAt)}</dd><dt>Paid</dt><dd>${format.date(paidAt)}</dd></dl></div>
<address><strong>${isolated(seller.name)}</strong>${lines.map((line) => `<br>${isolated(line)}`).join('')}</address></header>`;
}

function stay(receipt: Receipt, format: Format): string {
  const { checkInDate, checkOutDate, listingTitle } = receipt;
  const entries: [string, string][] = [
    ['Guest', isolated(receipt.guestName ?? NO_NAME)],
    ['Host', isolated(receipt.hostName ?? NO_NAME)],
  ];
  if (listingTitle !== null) entries.push(['Stay', isolated(listingTitle)]);
  if (checkInDate !== null && checkOutDate !== null) {
    const count = nightCount(checkInDate, checkOutDate);
    entries.push([
      'Dates',
      `${format.date(checkInDate)} to ${format.date(checkOutDate)}, ${count} ${count === 1 ? 'night' : 'nights'}`,
    ]);
  }
  entries.push(['Booking', escape(receipt.bookingId)]);
  return `<dl>${entries.map(([term, value]) => `<dt>${term}</dt><dd>${value}</dd>`).join('')}</dl>`;
}

function amounts(receipt: Receipt, format: Format): string {
  const rows = receiptRows(receipt.lines).map(
    (row) => `<tr><td>${labelOf(row, format)}</td>${amountCell(row.amountMinor, format)}</tr>`,
  );
  return `<table><caption>Charged</caption>
<thead><tr><th scope="col">Description</th><th scope="col" class="amount">Amount</th></tr></thead>
<tbody>${rows.join('')}</tbody>
<tfoot><tr><th scope="row">Total paid</th>${amountCell(receipt.amountMinor, format)}</tr></tfoot></table>`;
}

function labelOf(row: ReceiptRow, format: Format): string {
  if (row.kind === 'amount') return isolated(row.label);
  const { count, eachMinor, range } = row;
  const each = eachMinor === null ? '' : ` at ${format.money(eachMinor)}`;
  const dates = range === null ? '' : `, ${format.date(range.from)} to ${format.date(range.to)}`;
  return `${count} ${count === 1 ? 'night' : 'nights'}${each}${dates}`;
}

/** A debit note follows the credit note that it cancels. */
function notes(receipt: Receipt, format: Format): string {
  const { creditNotes, debitNotes } = receipt;
  if (creditNotes.length === 0) return '';
  const rows = creditNotes.flatMap((note) => [
    noteRow({ ...note, date: note.refundedAt, amountMinor: -note.amountMinor }, format),
    ...debitNotes
      .filter(({ refundId }) => refundId === note.refundId)
      .map((debit) => noteRow({ ...debit, date: debit.returnedAt, cancels: note.number }, format)),
  ]);
  return `<table><caption>${debitNotes.length === 0 ? 'Credit notes' : 'Credit and debit notes'}</caption>
<thead><tr><th scope="col">Number</th><th scope="col">Date</th><th scope="col">Reason</th><th scope="col" class="amount">Amount</th></tr></thead>
<tbody>${rows.join('')}</tbody>
<tfoot><tr><th scope="row" colspan="3">Paid after refunds</th>${amountCell(receipt.amountMinor - receipt.creditedMinor, format)}</tr></tfoot></table>`;
}

interface NoteRow {
  number: string;
  date: string;
  lines: readonly { label: string }[];
  amountMinor: number;
  cancels?: string;
}

function noteRow({ number, date, lines, amountMinor, cancels }: NoteRow, format: Format): string {
  const cancelled = cancels === undefined ? '' : ` (cancels ${escape(cancels)})`;
  const label = isolated(lines[0]?.label ?? '') + cancelled;
  return `<tr><td>${escape(number)}</td><td>${format.date(date)}</td><td>${label}</td>${amountCell(amountMinor, format)}</tr>`;
}

const amountCell = (amountMinor: number, format: Format) =>
  `<td class="amount">${format.money(amountMinor)}</td>`;
