import { Module } from '@nestjs/common';
import { SessionModule } from '../session/session.module.js';
import { LiveEventConsumer } from './live-event.consumer.js';
import { LiveEventController } from './live-event.controller.js';
import { LiveEventService } from './live-event.service.js';
import { StreamSignal } from './stream-signal.js';

@Module({
  imports: [SessionModule],
  controllers: [LiveEventConsumer, LiveEventController],
  providers: [LiveEventService, StreamSignal],
})
export class LiveEventModule {}
