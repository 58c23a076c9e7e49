import { type EntityManager, sql } from '@mikro-orm/postgresql';
import { PaymentOperation } from './operation.entity.js';

export type NewOperation = Pick<
  PaymentOperation,
  'id' | 'paymentId' | 'refundId' | 'kind' | 'key' | 'paymentMethod' | 'returnUrl' | 'dueAt' | 'createdAt'
>;

/** Stores a pending operation; false if an operation with this key exists. */
export async function insertOperation(em: EntityManager, operation: NewOperation): Promise<boolean> {
  const { id, paymentId, refundId, kind, key, paymentMethod, returnUrl, dueAt, createdAt } = operation;
  const rows = await em.execute<object[]>(sql`
    INSERT INTO payment_operation (id, payment_id, refund_id, kind, key, payment_method, return_url, status, due_at,
      created_at)
    VALUES (${id}, ${paymentId}, ${refundId}, ${kind}, ${key}, ${paymentMethod}, ${returnUrl}, 'pending', ${dueAt}, ${createdAt})
    ON CONFLICT (key) DO NOTHING RETURNING true`);
  return rows.length > 0;
}

/** Closes a pending operation that no worker has started; false if there is none. */
export async function abandonOperation(
  em: EntityManager,
  operation: Pick<PaymentOperation, 'paymentId' | 'kind'>,
  now: Date,
): Promise<boolean> {
  const rows = await em.execute<object[]>(sql`
    UPDATE payment_operation SET status = 'failed', failure_code = 'abandoned', finished_at = ${now}
    WHERE payment_id = ${operation.paymentId} AND kind = ${operation.kind} AND status = 'pending' AND tries = 0
    RETURNING true`);
  return rows.length > 0;
}

/**
 * Leases a pending operation to this worker; null if it is closed, another worker holds its lease, or it must wait after an
 * unclear call. One round trip.
 */
export async function claimOperation(
  em: EntityManager,
  operationId: string,
  leaseSeconds: { refund: number; other: number },
): Promise<PaymentOperation | null> {
  const [row] = await em.execute<object[]>(sql`
    UPDATE payment_operation
    SET tries = tries + 1, lease_until = clock_timestamp() + interval '1 second'
      * CASE kind WHEN 'refund' THEN ${leaseSeconds.refund}::float8 ELSE ${leaseSeconds.other}::float8 END
    WHERE id = ${operationId} AND status = 'pending' AND (lease_until IS NULL OR lease_until < clock_timestamp())
      AND (not_before IS NULL OR not_before <= clock_timestamp())
    RETURNING *`);
  return row === undefined ? null : em.map(PaymentOperation, row);
}

/** Closes a pending operation with its outcome; false if it is closed already. */
export async function closeOperation(
  em: EntityManager,
  operationId: string,
  failureCode: string | null,
  now: Date,
): Promise<boolean> {
  const rows = await em.execute<object[]>(sql`
    UPDATE payment_operation
    SET status = ${failureCode === null ? 'done' : 'failed'}, failure_code = ${failureCode}, lease_until = NULL,
      finished_at = ${now}
    WHERE id = ${operationId} AND status = 'pending' RETURNING true`);
  return rows.length > 0;
}

/** Ends the lease of a pending operation and makes it due after `waitSeconds`. No worker runs it before `minimumSeconds`. */
export async function postponeOperation(
  em: EntityManager,
  operationId: string,
  { waitSeconds, minimumSeconds }: { waitSeconds: number; minimumSeconds: number },
): Promise<void> {
  await em.execute(sql`
    UPDATE payment_operation
    SET lease_until = NULL, due_at = clock_timestamp() + ${waitSeconds} * interval '1 second',
      not_before = clock_timestamp() + ${minimumSeconds} * interval '1 second'
    WHERE id = ${operationId} AND status = 'pending'`);
}

/** Notes a shortage that the provider has reported for the key of `shortages`. Once, if several workers had that key. */
export async function noteShortage(
  em: EntityManager,
  { id, shortages }: Pick<PaymentOperation, 'id' | 'shortages'>,
): Promise<void> {
  await em.execute(sql`
    UPDATE payment_operation SET shortages = ${shortages + 1}
    WHERE id = ${id} AND status = 'pending' AND shortages = ${shortages}`);
}

/** The ids of due operations without a valid lease, oldest first. */
export async function dueOperations(em: EntityManager, limit: number): Promise<string[]> {
  const rows = await em.execute<{ id: string }[]>(sql`
    SELECT id FROM payment_operation WHERE status = 'pending' AND due_at <= clock_timestamp()
      AND (lease_until IS NULL OR lease_until < clock_timestamp()) ORDER BY due_at LIMIT ${limit}`);
  return rows.map((row) => row.id);
}
