import { Module } from '@nestjs/common';
import { MailModule } from '../mail/mail.module.js';
import { SessionModule } from '../session/session.module.js';
import { BookingNotificationConsumer } from './booking-notification.consumer.js';
import { ListingMirrorConsumer } from './listing-mirror.consumer.js';
import { NotificationMailService } from './notification-mail.service.js';
import { NotificationSettingsController } from './notification-settings.controller.js';
import { NotificationSettingsResolver } from './notification-settings.resolver.js';
import { NotificationSettingsService } from './notification-settings.service.js';
import { NotificationConsumer } from './notification.consumer.js';
import { PaymentNotificationConsumer } from './payment-notification.consumer.js';
import { NotificationJobs } from './notification.jobs.js';
import { NotificationService } from './notification.service.js';
import { PayoutNotificationConsumer } from './payout-notification.consumer.js';

@Module({
  imports: [MailModule, SessionModule],
  controllers: [
    BookingNotificationConsumer,
    NotificationConsumer,
    PaymentNotificationConsumer,
    ListingMirrorConsumer,
    NotificationSettingsController,
    PayoutNotificationConsumer,
  ],
  providers: [
    NotificationService,
    NotificationMailService,
    NotificationJobs,
    NotificationSettingsResolver,
    NotificationSettingsService,
  ],
})
export class NotificationModule {}
