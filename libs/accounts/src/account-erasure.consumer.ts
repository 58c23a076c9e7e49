import { Controller } from '@nestjs/common';
import type { EventBody } from '@roost/contracts';
import { OnEvent, Transactions } from '@roost/messaging';
import { AccountEraser } from './account-eraser.jobs.js';

/** Erases the users that identity has erased. */
@Controller()
export class AccountErasureConsumer {
  constructor(
    private readonly transactions: Transactions,
    private readonly eraser: AccountEraser,
  ) {}

  @OnEvent('privacy.erasure-requested')
  async requested(body: EventBody<'privacy.erasure-requested'>): Promise<void> {
    await this.transactions.run((em) => this.eraser.eraseAfterCommit(em, body));
  }
}
