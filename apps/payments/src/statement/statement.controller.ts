import { MikroORM } from '@mikro-orm/postgresql';
import { Controller, Get, Inject, Res } from '@nestjs/common';
import {
  type AuthUser,
  CurrentUser,
  type PageOf,
  Param,
  preferredMediaType,
  QueryParams,
  RespondsWith,
  RespondsWithJsonOr,
  Summary,
} from '@roost/http';
import type { FastifyReply } from 'fastify';
import { statementCsv } from './statement.csv.js';
import { StatementReader } from './statement-reader.service.js';
import { Month, Statement, StatementMonths, StatementQuery } from './statement.dto.js';
import { MyTransactionsQuery, TransactionPage, type TransactionView } from './transaction.dto.js';
import { listMyTransactions } from './transaction.queries.js';

@Controller('v1/me')
export class StatementController {
  constructor(
    private readonly statements: StatementReader,
    @Inject(MikroORM) private readonly orm: MikroORM,
  ) {}

  @Summary('List your transactions')
  @Get('transactions')
  @RespondsWith(200, TransactionPage)
  transactions(
    @QueryParams(MyTransactionsQuery) query: MyTransactionsQuery,
    @CurrentUser() user: AuthUser,
  ): Promise<PageOf<TransactionView>> {
    return listMyTransactions(this.orm.em.fork(), user.id, query);
  }

  @Summary('List the months of your statements')
  @Get('statements')
  @RespondsWith(200, StatementMonths)
  async months(@CurrentUser() user: AuthUser): Promise<StatementMonths> {
    return { data: await this.statements.months(user.id) };
  }

  @Summary('Read the statement of a month')
  @Get('statements/:month')
  @RespondsWithJsonOr('text/csv', Statement, 'statement.too_large')
  async statement(
    @Param('month', Month) month: string,
    @QueryParams(StatementQuery) { currency }: StatementQuery,
    @CurrentUser() user: AuthUser,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Statement | string> {
    const statement = await this.statements.one(user.id, month, currency ?? null);
    const { accept } = reply.request.headers;
    void reply.header('vary', 'accept');
    if (preferredMediaType(accept, ['application/json', 'text/csv']) === 'application/json') return statement;
    void reply
      .type('text/csv; charset=utf-8; header=present')
      .header('content-disposition', `attachment; filename="statement-${month}.csv"`);
    return statementCsv(statement);
  }
}
