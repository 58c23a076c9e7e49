import {
  Migration0000AccountErasure,
  Migration0000AccountExport,
  Migration0000AccountStanding,
} from '@roost/accounts';
import { defineService } from '@roost/service';
import { Migration0001Bookings } from '../migrations/Migration0001Bookings.js';
import { Migration0006ListingCountry } from '../migrations/Migration0006ListingCountry.js';
import { Migration0008Operators } from '../migrations/Migration0008Operators.js';
import { Migration0010MessageModeration } from '../migrations/Migration0010MessageModeration.js';
import { Migration0012HostFigures } from '../migrations/Migration0012HostFigures.js';
import { Migration0013ExportIndexes } from '../migrations/Migration0013ExportIndexes.js';
import { Migration0014TextRetention } from '../migrations/Migration0014TextRetention.js';
import { Migration0015TextRetentionIndex } from '../migrations/Migration0015TextRetentionIndex.js';
import { AppModule } from './app.module.js';
import { Booking } from './booking/booking.entity.js';
import { CalendarBlock } from './calendar/calendar.entity.js';
import { BookingChange } from './booking/change/change.entity.js';
import { BookingsConfig } from './config.js';
import { bookingFigures } from './figures.js';
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
    Migration0000AccountStanding,
    Migration0001Bookings,
    Migration0006ListingCountry,
    Migration0008Operators,
    Migration0000AccountErasure,
    Migration0000AccountExport,
    Migration0010MessageModeration,
    Migration0012HostFigures,
    Migration0013ExportIndexes,
    Migration0014TextRetention,
    Migration0015TextRetentionIndex,
  ],
  projections: {
    'identity.user': ['account_standing'],
    'listings.listing': ['listing_snapshot'],
  },
  figures: bookingFigures,
  queue: true,
});
