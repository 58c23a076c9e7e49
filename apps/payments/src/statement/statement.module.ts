import { Module } from '@nestjs/common';
import { StatementReader } from './statement-reader.service.js';
import { StatementController } from './statement.controller.js';
import { StatementResolver } from './statement.resolver.js';

@Module({
  controllers: [StatementController],
  providers: [StatementReader, StatementResolver],
})
export class StatementModule {}
