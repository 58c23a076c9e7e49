import { Controller } from '@nestjs/common';
import { type EventBody, USER_EVENTS, type UserEvent } from '@roost/contracts';
import { type EventMeta, OnEvent, Transactions } from '@roost/messaging';

/** How authors are called, and who may not write. */
@Controller()
export class AccountConsumer {
  constructor(private readonly transactions: Transactions) {}

  @OnEvent(...USER_EVENTS)
  async changed(body: EventBody<UserEvent>, meta: EventMeta): Promise<void> {
    await this.transactions.run((em) =>
      em.execute(
        `INSERT INTO account AS known (user_id, version, display_name, active) VALUES (?, ?, ?, ?)
         ON CONFLICT (user_id) DO UPDATE
           SET version = excluded.version, display_name = excluded.display_name, active = excluded.active
         WHERE known.version < excluded.version`,
        [
          body.userId,
          meta.aggregateVersion ?? 0,
          body.status === 'erased' ? null : body.displayName,
          body.status === 'active',
        ],
      ),
    );
  }
}
