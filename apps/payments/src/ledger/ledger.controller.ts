import { Controller, Get } from '@nestjs/common';
import { Answers, type PageOf, QueryParams, Roles } from '@roost/http';
import {
  AccountsQuery,
  LedgerAccountPage,
  type LedgerAccountView,
  LedgerTransactionPage,
  type LedgerTransactionView,
  TransactionsQuery,
} from './ledger.dto.js';
import { LedgerQueries } from './ledger.queries.js';

@Controller('v1/admin/ledger')
@Roles('admin')
export class LedgerController {
  constructor(private readonly ledger: LedgerQueries) {}

  @Get('accounts')
  @Answers(200, LedgerAccountPage, 'auth.forbidden')
  accounts(@QueryParams(AccountsQuery) query: AccountsQuery): Promise<PageOf<LedgerAccountView>> {
    return this.ledger.accounts(query);
  }

  @Get('transactions')
  @Answers(200, LedgerTransactionPage, 'auth.forbidden')
  transactions(
    @QueryParams(TransactionsQuery) query: TransactionsQuery,
  ): Promise<PageOf<LedgerTransactionView>> {
    return this.ledger.transactions(query);
  }
}
