import { Module } from '@nestjs/common';
import { AccountEraser, AccountErasureConsumer, Erasure } from '@roost/accounts';
import { FeedModule } from '../feed/feed.module.js';
import { BookingsErasure } from './bookings-erasure.js';

@Module({
  imports: [FeedModule],
  controllers: [AccountErasureConsumer],
  providers: [AccountEraser, { provide: Erasure, useClass: BookingsErasure }],
})
export class AccountModule {}
