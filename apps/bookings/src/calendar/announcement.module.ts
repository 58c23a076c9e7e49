import { Module } from '@nestjs/common';
import { CalendarPublisher } from './calendar-publisher.service.js';

@Module({ providers: [CalendarPublisher], exports: [CalendarPublisher] })
export class AnnouncementModule {}
