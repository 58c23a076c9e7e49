import { Module } from '@nestjs/common';
import { CalendarAnnouncer } from './calendar.announcer.js';

@Module({ providers: [CalendarAnnouncer], exports: [CalendarAnnouncer] })
export class AnnouncementModule {}
