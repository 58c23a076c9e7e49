import { Controller } from '@nestjs/common';
import { type EventBody, USER_EVENTS, type UserEvent } from '@roost/contracts';
import { type EventMeta, OnEvent, Transactions } from '@roost/messaging';

/** Who may pay: not the suspended, nor the erased. Who was never told of is active. */
@Controller()
export class AccountConsumer {
  constructor(private readonly transactions: Transactions) {}

  @OnEvent(...USER_EVENTS)
  async changed(body: EventBody<UserEvent>, meta: EventMeta): Promise<void> {
    await this.transactions.run((em) =>
      em.execute(
        `INSERT INTO account AS known (user_id, version, active) VALUES (?, ?, ?)
         ON CONFLICT (user_id) DO UPDATE SET version = excluded.version, active = excluded.active
         WHERE known.version < excluded.version`,
        [body.userId, meta.aggregateVersion ?? 0, body.status === 'active'],
        'run',
      ),
    );
  }
}
