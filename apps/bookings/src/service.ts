import { defineService } from '@roost/service';
import { Migration0001Calendar } from '../migrations/Migration0001Calendar.js';
import { Migration0002Booking } from '../migrations/Migration0002Booking.js';
import { Migration0003Account } from '../migrations/Migration0003Account.js';
import { Migration0004CalendarImport } from '../migrations/Migration0004CalendarImport.js';
import { Migration0005Feed } from '../migrations/Migration0005Feed.js';
import { Migration0006Change } from '../migrations/Migration0006Change.js';
import { Migration0007Message } from '../migrations/Migration0007Message.js';
import { Migration0008Erasure } from '../migrations/Migration0008Erasure.js';
import { Migration0009Goodwill } from '../migrations/Migration0009Goodwill.js';
import { AppModule } from './app.module.js';
import { Booking } from './booking/booking.entity.js';
import { CalendarBlock } from './calendar/calendar.entity.js';
import { BookingChange } from './booking/change/change.entity.js';
import { BookingsConfig } from './config.js';
import { Quote } from './quote/quote.entity.js';
import { StayTerms } from './terms/stay-terms.entity.js';

export const bookings = defineService({
  name: 'bookings',
  port: 3003,
  description: 'The calendar, quotes and bookings',
  module: AppModule,
  config: BookingsConfig,
  entities: [StayTerms, Quote, Booking, BookingChange, CalendarBlock],
  migrations: [
    Migration0001Calendar,
    Migration0002Booking,
    Migration0003Account,
    Migration0004CalendarImport,
    Migration0005Feed,
    Migration0006Change,
    Migration0007Message,
    Migration0008Erasure,
    Migration0009Goodwill,
  ],
  projections: {
    'identity.user': ['account'],
    'listings.listing': ['listing_snapshot'],
  },
  queue: true,
});
