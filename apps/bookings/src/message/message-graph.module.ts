import { Module } from '@nestjs/common';
import { BookingModule } from '../booking/booking.module.js';
import { MessageModule } from './message.module.js';
import { BookingThreadResolver, MessageResolver, ThreadResolver } from './message.resolver.js';

/** Apart from the messages, since bookings open threads and threads lead to bookings. */
@Module({
  imports: [MessageModule, BookingModule],
  providers: [ThreadResolver, MessageResolver, BookingThreadResolver],
})
export class MessageGraphModule {}
