import { MikroORM } from '@mikro-orm/postgresql';
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { IdempotencyKeys } from '@roost/http';
import { z } from 'zod';
import { mayStillPay } from './domain/payment-state.js';
import { Payment } from './payment.entity.js';

const WithSecrets = z.looseObject({
  id: z.uuid(),
  clientSecret: z.string().nullable(),
  redirectUrl: z.string().nullable(),
});

/** Removes the guest's secrets from a stored confirmation that is sent again after the payment has ended. */
@Injectable()
export class ReplayedSecrets implements OnModuleInit {
  constructor(
    private readonly keys: IdempotencyKeys,
    @Inject(MikroORM) private readonly orm: MikroORM,
  ) {}

  onModuleInit(): void {
    this.keys.reviseReplays((body) => this.revise(body));
  }

  private async revise(body: unknown): Promise<unknown> {
    const { data: stored } = WithSecrets.safeParse(body);
    if (!stored || (stored.clientSecret === null && stored.redirectUrl === null)) return body;
    const payment = await this.orm.em.fork().findOne(Payment, stored.id, { fields: ['status', 'goal'] });
    if (payment && mayStillPay(payment)) return body;
    return { ...stored, clientSecret: null, redirectUrl: null };
  }
}
