import { Module } from '@nestjs/common';
import { ListingSnapshotModule } from '../listing-snapshot/listing-snapshot.module.js';
import { MessageController } from './message.controller.js';
import { MessageReader } from './message-reader.service.js';
import { MessageService } from './message.service.js';

@Module({
  imports: [ListingSnapshotModule],
  controllers: [MessageController],
  providers: [MessageService, MessageReader],
  exports: [MessageService, MessageReader],
})
export class MessageModule {}
