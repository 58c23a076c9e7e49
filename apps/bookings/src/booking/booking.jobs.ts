import { Injectable } from '@nestjs/common';
import { SweepEvery } from '@roost/platform';
import { CalendarAnnouncer } from '../calendar/calendar.announcer.js';
import { BookingSweeper } from './booking.sweeper.js';

/** The job only wakes: what is due stands in the database. */
@Injectable()
export class BookingJobs {
  constructor(
    private readonly sweeper: BookingSweeper,
    private readonly announcer: CalendarAnnouncer,
  ) {}

  @SweepEvery(5, 'booking.sweep')
  async sweep(): Promise<void> {
    await this.sweeper.sweep();
    await this.announcer.announceDue();
  }
}
