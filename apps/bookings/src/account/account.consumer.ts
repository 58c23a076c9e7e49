import { Controller } from '@nestjs/common';
import { type EventBody, USER_EVENTS, type UserEvent } from '@roost/contracts';
import { OnEvent, Transactions } from '@roost/messaging';
import { AccountEraser } from './account-eraser.jobs.js';

@Controller()
export class AccountConsumer {
  constructor(
    private readonly transactions: Transactions,
    private readonly eraser: AccountEraser,
  ) {}

  @OnEvent(...USER_EVENTS)
  async changed(body: EventBody<UserEvent>): Promise<void> {
    if (body.status !== 'erased') return;
    await this.transactions.run((em) => this.eraser.eraseAfterCommit(em, body.userId));
  }
}
