import { type EntityManager, sql } from '@mikro-orm/postgresql';

/** Reserves a refund; false if the payment is not captured or all its refunds together would exceed the capture. */
export async function reserveRefund(
  em: EntityManager,
  paymentId: string,
  amountMinor: number,
  now: Date,
): Promise<boolean> {
  const rows = await em.execute<object[]>(sql`
    UPDATE payment
    SET refund_reserved_minor = refund_reserved_minor + ${amountMinor}, version = version + 1, updated_at = ${now}
    WHERE id = ${paymentId} AND status IN ('captured', 'partially_refunded')
      AND refund_reserved_minor + ${amountMinor} <= captured_minor
    RETURNING true`);
  return rows.length > 0;
}
