import { MikroORM } from '@mikro-orm/postgresql';
import { Controller, Get, Inject } from '@nestjs/common';
import { RespondsWith, type PageOf, QueryParams, Roles, Summary } from '@roost/http';
import {
  AccountsQuery,
  LedgerAccountPage,
  type LedgerAccountView,
  LedgerTransactionPage,
  type LedgerTransactionView,
  TransactionsQuery,
} from './ledger.dto.js';
import { listAccounts, listTransactions } from './ledger.queries.js';

@Controller('v1/admin/ledger')
@Roles('admin')
export class LedgerController {
  constructor(@Inject(MikroORM) private readonly orm: MikroORM) {}

  @Summary('List the accounts of the ledger')
  @Get('accounts')
  @RespondsWith(200, LedgerAccountPage, 'auth.forbidden')
  accounts(@QueryParams(AccountsQuery) query: AccountsQuery): Promise<PageOf<LedgerAccountView>> {
    return listAccounts(this.orm.em.fork(), query);
  }

  @Summary('List the transactions of the ledger')
  @Get('transactions')
  @RespondsWith(200, LedgerTransactionPage, 'auth.forbidden')
  transactions(
    @QueryParams(TransactionsQuery) query: TransactionsQuery,
  ): Promise<PageOf<LedgerTransactionView>> {
    return listTransactions(this.orm.em.fork(), query);
  }
}
