import { defineService } from '@roost/service';
import { Migration0001Listing } from '../migrations/Migration0001Listing.js';
import { Migration0002Search } from '../migrations/Migration0002Search.js';
import { Migration0003Projections } from '../migrations/Migration0003Projections.js';
import { Migration0004Wishlist } from '../migrations/Migration0004Wishlist.js';
import { Migration0005Host } from '../migrations/Migration0005Host.js';
import { Migration0006Rating } from '../migrations/Migration0006Rating.js';
import { Migration0007PhotoSize } from '../migrations/Migration0007PhotoSize.js';
import { Migration0008Imported } from '../migrations/Migration0008Imported.js';
import { AppModule } from './app.module.js';
import { ListingsConfig } from './config.js';
import { Listing } from './listing/listing.entity.js';

export const listings = defineService({
  name: 'listings',
  port: 3002,
  description: 'Listing content, photos, price rules, search',
  module: AppModule,
  config: ListingsConfig,
  entities: [Listing],
  migrations: [
    Migration0001Listing,
    Migration0002Search,
    Migration0003Projections,
    Migration0004Wishlist,
    Migration0005Host,
    Migration0006Rating,
    Migration0007PhotoSize,
    Migration0008Imported,
  ],
  projections: {
    'identity.user': ['host'],
    'bookings.calendar': ['listing_calendar'],
    'reviews.rating': ['listing_rating'],
  },
  queue: true,
});
