import { Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';

/** One call to a provider: stored before the call, closed with its outcome. */
@Entity({ tableName: 'payment_operation' })
export class PaymentOperation {
  @PrimaryKey({ type: 'uuid' })
  id!: string;

  @Property({ type: 'uuid' })
  paymentId!: string;

  @Property({ type: 'uuid', nullable: true })
  refundId: string | null = null;

  @Property({ type: 'text' })
  kind!: 'create' | 'confirm' | 'capture' | 'void' | 'refund';

  /** The provider's idempotency key: names the action, never the attempt. */
  @Property({ type: 'text' })
  key!: string;

  /** How often the provider has reported a shortage of its balance for the key of that time. */
  @Property({ type: 'integer' })
  shortages: number = 0;

  @Property({ type: 'text', nullable: true })
  paymentMethod: string | null = null;

  /** The page that the guest returns to after the bank's page. */
  @Property({ type: 'text', nullable: true })
  returnUrl: string | null = null;

  @Property({ type: 'text' })
  status: 'pending' | 'done' | 'failed' = 'pending';

  @Property({ type: 'text', nullable: true })
  failureCode: string | null = null;

  @Property({ type: 'integer' })
  tries: number = 0;

  /** System time until which one worker owns the operation. */
  @Property({ type: 'datetime', nullable: true })
  leaseUntil: Date | null = null;

  @Property({ type: 'datetime' })
  dueAt!: Date;

  @Property({ type: 'datetime' })
  createdAt!: Date;

  @Property({ type: 'datetime', nullable: true })
  finishedAt: Date | null = null;
}
