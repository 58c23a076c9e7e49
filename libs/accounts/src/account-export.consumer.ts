import { Controller } from '@nestjs/common';
import type { EventBody } from '@roost/contracts';
import { OnEvent, Transactions } from '@roost/messaging';
import { AccountExporter } from './account-exporter.jobs.js';

/** Writes the parts of exports that users have requested at identity. */
@Controller()
export class AccountExportConsumer {
  constructor(
    private readonly transactions: Transactions,
    private readonly exporter: AccountExporter,
  ) {}

  @OnEvent('privacy.export-requested')
  async requested(body: EventBody<'privacy.export-requested'>): Promise<void> {
    await this.transactions.run((em) => this.exporter.exportAfterCommit(em, body));
  }
}
