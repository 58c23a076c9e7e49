import { Controller } from '@nestjs/common';
import { type EventBody, USER_EVENTS, type UserEvent } from '@roost/contracts';
import { OnEvent, Transactions, type EventMeta } from '@roost/messaging';
import { AccountEraser } from './account-eraser.jobs.js';

/** Who may book and be booked: not the suspended, nor the erased. Who was never told of is active. */
@Controller()
export class AccountConsumer {
  constructor(
    private readonly transactions: Transactions,
    private readonly eraser: AccountEraser,
  ) {}

  @OnEvent(...USER_EVENTS)
  async changed(body: EventBody<UserEvent>, meta: EventMeta): Promise<void> {
    await this.transactions.run(async (em) => {
      await em.execute(
        `INSERT INTO account AS known (user_id, version, active) VALUES (?, ?, ?)
         ON CONFLICT (user_id) DO UPDATE SET version = excluded.version, active = excluded.active
         WHERE known.version < excluded.version`,
        [body.userId, meta.aggregateVersion ?? 0, body.status === 'active'],
      );
      if (body.status === 'erased') await this.eraser.eraseAfterCommit(em, body.userId);
    });
  }
}
