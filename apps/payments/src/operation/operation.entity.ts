import { Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';

/** One call to a provider: written before it is made, closed when its outcome is known. */
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

  @Property({ type: 'text' })
  key!: string;

  @Property({ type: 'text', nullable: true })
  paymentMethod: string | null = null;

  @Property({ type: 'text' })
  status: 'pending' | 'done' | 'failed' = 'pending';

  @Property({ type: 'text', nullable: true })
  failureCode: string | null = null;

  @Property({ type: 'integer' })
  tries: number = 0;

  /** Somebody is at it until then. System time. */
  @Property({ type: 'datetime', nullable: true })
  leaseUntil: Date | null = null;

  @Property({ type: 'datetime' })
  dueAt!: Date;

  @Property({ type: 'datetime' })
  createdAt!: Date;

  @Property({ type: 'datetime', nullable: true })
  finishedAt: Date | null = null;
}
