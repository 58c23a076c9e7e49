import { Module } from '@nestjs/common';
import { ListingSnapshotModule } from '../listing-snapshot/listing-snapshot.module.js';
import { MessageReader } from './message-reader.service.js';
import { MessageController } from './message.controller.js';
import { MessageResolver, ThreadResolver } from './message.resolver.js';
import { MessageService } from './message.service.js';
import { ThreadAdminController } from './thread-admin.controller.js';
import { ThreadAdminService } from './thread-admin.service.js';

/** Does not know bookings: the resolvers between bookings and threads are in the booking module. */
@Module({
  imports: [ListingSnapshotModule],
  controllers: [MessageController, ThreadAdminController],
  providers: [MessageService, MessageReader, ThreadAdminService, ThreadResolver, MessageResolver],
  exports: [MessageService, MessageReader],
})
export class MessageModule {}
