import { Module } from '@nestjs/common';
import { MailModule } from '../mail/mail.module.js';
import { SessionModule } from '../session/session.module.js';
import { ListingConsumer } from './listing.consumer.js';
import { NotificationConsumer } from './notification.consumer.js';
import { NotificationJobs } from './notification.jobs.js';
import { Notifications } from './notification.service.js';
import { NotificationSettingsController } from './notification-settings.controller.js';

@Module({
  imports: [MailModule, SessionModule],
  controllers: [NotificationConsumer, ListingConsumer, NotificationSettingsController],
  providers: [Notifications, NotificationJobs],
})
export class NotificationModule {}
