import { Injectable } from '@nestjs/common';
import { SweepEvery } from '@roost/platform';
import { CalendarPublisher } from '../calendar/calendar-publisher.service.js';
import { BookingSweeper } from './booking-sweeper.jobs.js';

/** The job only wakes: what is due stands in the database. */
@Injectable()
export class BookingJobs {
  constructor(
    private readonly sweeper: BookingSweeper,
    private readonly publisher: CalendarPublisher,
  ) {}

  @SweepEvery(5, 'booking.sweep')
  async sweep(): Promise<void> {
    await this.sweeper.sweep();
    await this.publisher.publishDue();
  }
}
