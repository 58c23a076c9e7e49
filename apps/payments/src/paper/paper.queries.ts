import { type EntityManager, sql } from '@mikro-orm/postgresql';
import type { Seller } from './domain/legal-entity.js';
import type { PaperLine } from './domain/paper-lines.js';

export type PaperKind = 'receipt' | 'credit_note' | 'debit_note';

/** The legal entity that issues a paper, and what the paper shows of it. */
export interface Issuer {
  legalEntity: string;
  seller: Seller;
}

export interface NewPaper extends Issuer {
  id: string;
  kind: PaperKind;
  /** Null for a debit note, which belongs to its refund. */
  paymentId: string | null;
  refundId: string | null;
  bookingId: string;
  /** The id of the paid stay: the change of the payment, otherwise the booking. */
  stayId: string;
  guestId: string;
  hostId: string;
  currency: string;
  amountMinor: number;
  /** Null: those of the paid stay. */
  lines: readonly PaperLine[] | null;
  occurredAt: Date;
  issuedAt: Date;
}

/** Stores a paper without a number. The first receipt of a payment, or credit or debit note of a refund, is the only one. */
export async function insertPaper(em: EntityManager, paper: NewPaper): Promise<void> {
  await em.execute(sql`
    INSERT INTO paper (id, kind, legal_entity, seller, payment_id, refund_id, booking_id, guest_id, host_id, currency,
      amount_minor, listing_title, check_in_date, check_out_date, lines, occurred_at, issued_at)
    SELECT ${paper.id}::uuid, ${paper.kind}, ${paper.legalEntity}, ${JSON.stringify(paper.seller)}::jsonb,
      ${paper.paymentId}::uuid, ${paper.refundId}::uuid, ${paper.bookingId}::uuid, ${paper.guestId}::uuid,
      ${paper.hostId}::uuid, ${paper.currency}, ${paper.amountMinor}::bigint, s.listing_title, s.check_in_date,
      s.check_out_date, coalesce(${paper.lines && JSON.stringify(paper.lines)}::jsonb, s.lines, '[]'),
      ${paper.occurredAt}::timestamptz, ${paper.issuedAt}::timestamptz
    FROM (SELECT) one LEFT JOIN paid_stay s ON s.id = ${paper.stayId}::uuid
    ON CONFLICT (payment_id, refund_id) DO NOTHING`);
}

/** The issuer of the credit note of a refund; null if it has none yet. */
export async function findIssuer(em: EntityManager, refundId: string): Promise<Issuer | null> {
  const [issuer] = await em.execute<Issuer[]>(sql`
    SELECT legal_entity AS "legalEntity", seller FROM paper WHERE refund_id = ${refundId} AND kind = 'credit_note'`);
  return issuer ?? null;
}

/** The country of the listing of a paid stay; null if it is unknown. */
export async function findStayCountry(em: EntityManager, stayId: string): Promise<string | null> {
  const [stay] = await em.execute<{ country: string | null }[]>(sql`
    SELECT country_code AS country FROM paid_stay WHERE id = ${stayId}`);
  return stay?.country ?? null;
}

/** The legal entities with papers that have no number yet. */
export async function findUnnumberedEntities(em: EntityManager): Promise<string[]> {
  const rows = await em.execute<{ id: string }[]>(sql`
    SELECT DISTINCT legal_entity AS id FROM paper WHERE number IS NULL ORDER BY 1`);
  return rows.map(({ id }) => id);
}

/**
 * Locks the counter of a legal entity and returns its last number. The statements that follow must see what the previous
 * holder of the lock has committed, so the transaction must be READ COMMITTED.
 */
export async function lockCounter(em: EntityManager, legalEntity: string): Promise<number> {
  await em.execute(sql`
    INSERT INTO paper_counter (legal_entity, last_number) VALUES (${legalEntity}, 0) ON CONFLICT DO NOTHING`);
  const [counter] = await em.execute<{ last: number }[]>(sql`
    SELECT last_number AS last FROM paper_counter WHERE legal_entity = ${legalEntity} FOR UPDATE`);
  return Number(counter?.last);
}

/** Numbers the oldest papers of an entity after `last`. Returns how many. */
export async function numberPapers(
  em: EntityManager,
  legalEntity: string,
  last: number,
  limit: number,
): Promise<number> {
  const numbered = await em.execute<object[]>(sql`
    UPDATE paper SET number = ${last} + due.position
    FROM (SELECT id, row_number() OVER (ORDER BY issued_at, id) AS position FROM (
      SELECT id, issued_at FROM paper WHERE legal_entity = ${legalEntity} AND number IS NULL
      ORDER BY issued_at, id LIMIT ${limit}) oldest) due
    WHERE paper.id = due.id RETURNING true`);
  await em.execute(sql`
    UPDATE paper_counter SET last_number = ${last + numbered.length} WHERE legal_entity = ${legalEntity}`);
  return numbered.length;
}

export interface PaperRow {
  id: string;
  kind: PaperKind;
  seller: Seller;
  number: number | null;
  paymentId: string;
  refundId: string | null;
  bookingId: string;
  guestName: string | null;
  hostName: string | null;
  currency: string;
  amountMinor: number;
  listingTitle: string | null;
  checkInDate: string | null;
  checkOutDate: string | null;
  lines: PaperLine[];
  occurredAt: Date;
  issuedAt: Date;
}

/**
 * The papers of these payments, the receipt before the credit and debit notes. The names are those of today: an erased user has
 * none.
 */
export async function findPapers(em: EntityManager, paymentIds: readonly string[]): Promise<PaperRow[]> {
  if (paymentIds.length === 0) return [];
  return em.execute<PaperRow[]>(sql`
    SELECT p.id, p.kind, p.seller, p.number, coalesce(p.payment_id, r.payment_id) AS "paymentId", p.refund_id AS "refundId",
      p.booking_id AS "bookingId", g.display_name AS "guestName", h.display_name AS "hostName", p.currency,
      p.amount_minor AS "amountMinor", p.listing_title AS "listingTitle", p.check_in_date::text AS "checkInDate",
      p.check_out_date::text AS "checkOutDate", p.lines, p.occurred_at AS "occurredAt", p.issued_at AS "issuedAt"
    FROM (
      SELECT * FROM paper WHERE payment_id = ANY(ARRAY[${paymentIds}]::uuid[])
      UNION ALL
      SELECT d.* FROM refund f JOIN paper d ON d.payment_id IS NULL AND d.refund_id = f.id
        WHERE f.payment_id = ANY(ARRAY[${paymentIds}]::uuid[]) AND f.paid_at IS NOT NULL) p
    LEFT JOIN refund r ON r.id = p.refund_id
    LEFT JOIN party_name g ON g.user_id = p.guest_id LEFT JOIN party_name h ON h.user_id = p.host_id
    ORDER BY p.refund_id IS NOT NULL, p.issued_at, p.id`);
}

export interface PaymentWithoutPaper {
  paymentId: string;
  changeId: string | null;
  bookingId: string;
  guestId: string;
  hostId: string;
  currency: string;
  /** Null: the receipt is missing. */
  refundId: string | null;
  reason: string;
  amountMinor: number;
  taxMinor: number;
  occurredAt: Date;
}

/** Captured payments without a receipt, and paid refunds without a credit note, oldest first. */
export function findMissingPapers(em: EntityManager, limit: number): Promise<PaymentWithoutPaper[]> {
  return em.execute<PaymentWithoutPaper[]>(sql`
    SELECT p.id AS "paymentId", p.change_id AS "changeId", p.booking_id AS "bookingId", p.guest_id AS "guestId",
      p.host_id AS "hostId", p.currency, m.refund_id AS "refundId", m.reason, m.amount AS "amountMinor",
      m.tax AS "taxMinor", m.at AS "occurredAt"
    FROM (
      SELECT p.id AS payment_id, NULL::uuid AS refund_id, '' AS reason, p.captured_minor AS amount, 0 AS tax,
        coalesce(p.captured_at, p.updated_at) AS at
      FROM payment p WHERE p.captured_minor > 0
        AND NOT EXISTS (SELECT FROM paper WHERE paper.payment_id = p.id AND paper.refund_id IS NULL)
      UNION ALL
      SELECT r.payment_id, r.id, r.reason, r.amount_minor, r.tax_minor, coalesce(r.paid_at, r.finished_at, r.created_at)
      FROM refund r WHERE (r.status = 'succeeded' OR r.paid_at IS NOT NULL)
        AND NOT EXISTS (SELECT FROM paper WHERE paper.payment_id = r.payment_id AND paper.refund_id = r.id)
    ) m JOIN payment p ON p.id = m.payment_id
    ORDER BY m.at, m.refund_id IS NOT NULL, p.id LIMIT ${limit}`);
}
