import { Module } from '@nestjs/common';
import { SessionModule } from '../session/session.module.js';
import { LiveEventConsumer } from './live-event.consumer.js';
import { LiveEventController } from './live-event.controller.js';
import { LiveEventService } from './live-event.service.js';
import { StreamSignalModule } from '../stream-signal/stream-signal.module.js';

@Module({
  imports: [SessionModule, StreamSignalModule],
  controllers: [LiveEventConsumer, LiveEventController],
  providers: [LiveEventService],
})
export class LiveEventModule {}
