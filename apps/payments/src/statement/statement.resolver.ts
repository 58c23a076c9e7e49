import { MikroORM } from '@mikro-orm/postgresql';
import { Inject } from '@nestjs/common';
import {
  Arg,
  Args,
  Connection,
  type ConnectionPage,
  PageArguments,
  Query,
  Resolver,
  toConnection,
} from '@roost/graphql';
import { type AuthUser, CurrentUser } from '@roost/http';
import { z } from 'zod';
import { StatementReader } from './statement-reader.service.js';
import { Month, Statement, StatementMonth } from './statement.dto.js';
import {
  CurrencyCode,
  type MyTransactionsQuery,
  transactionFilter,
  TransactionView,
} from './transaction.dto.js';
import { listMyTransactions } from './transaction.queries.js';

type Filter = Omit<MyTransactionsQuery, 'limit' | 'cursor'>;

@Resolver()
export class StatementResolver {
  constructor(
    private readonly statements: StatementReader,
    @Inject(MikroORM) private readonly orm: MikroORM,
  ) {}

  @Query(Connection(TransactionView), { description: 'Your transactions, newest first.' })
  async myTransactions(
    @CurrentUser() user: AuthUser,
    @Args({ ...transactionFilter, ...PageArguments })
    { first: limit, after: cursor, ...filter }: Filter & PageArguments,
  ): Promise<ConnectionPage<TransactionView>> {
    return toConnection(await listMyTransactions(this.orm.em.fork(), user.id, { ...filter, limit, cursor }));
  }

  @Query(z.array(StatementMonth), { description: 'The months of your statements, newest first.' })
  myStatements(@CurrentUser() user: AuthUser): Promise<StatementMonth[]> {
    return this.statements.months(user.id);
  }

  @Query(Statement, { description: 'Your statement of a month as a host.' })
  myStatement(
    @CurrentUser() user: AuthUser,
    @Arg('month', Month) month: string,
    @Arg('currency', CurrencyCode.optional()) currency: string | undefined,
  ): Promise<Statement> {
    return this.statements.one(user.id, month, currency ?? null);
  }
}
