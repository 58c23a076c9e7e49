import { Module } from '@nestjs/common';
import { AccountIds } from './account-ids.service.js';
import { LedgerController } from './ledger.controller.js';
import { LedgerService } from './ledger.service.js';

@Module({
  controllers: [LedgerController],
  providers: [AccountIds, LedgerService],
  exports: [LedgerService],
})
export class LedgerModule {}
