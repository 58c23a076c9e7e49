import { Module } from '@nestjs/common';
import { FeedModule } from '../feed/feed.module.js';
import { AccountEraser } from './account-eraser.jobs.js';
import { AccountConsumer } from './account.consumer.js';

@Module({
  imports: [FeedModule],
  controllers: [AccountConsumer],
  providers: [AccountEraser],
})
export class AccountModule {}
