import {
  Migration0000AccountErasure,
  Migration0000AccountExport,
  Migration0000AccountStanding,
} from '@roost/accounts';
import { defineService } from '@roost/service';
import { Migration0001Listings } from '../migrations/Migration0001Listings.js';
import { Migration0002UnknownRooms } from '../migrations/Migration0002UnknownRooms.js';
import { Migration0003CityApostrophes } from '../migrations/Migration0003CityApostrophes.js';
import { Migration0005Operators } from '../migrations/Migration0005Operators.js';
import { Migration0006SharedWishlists } from '../migrations/Migration0006SharedWishlists.js';
import { Migration0007ListingChanges } from '../migrations/Migration0007ListingChanges.js';
import { Migration0008SearchWords } from '../migrations/Migration0008SearchWords.js';
import { Migration0009FillSearchWords } from '../migrations/Migration0009FillSearchWords.js';
import { Migration0010WishlistsOfListing } from '../migrations/Migration0010WishlistsOfListing.js';
import { Migration0013Places } from '../migrations/Migration0013Places.js';
import { Migration0016SearchRebuild } from '../migrations/Migration0016SearchRebuild.js';
import { Migration0017HostNames } from '../migrations/Migration0017HostNames.js';
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
    Migration0000AccountStanding,
    Migration0001Listings,
    Migration0002UnknownRooms,
    Migration0003CityApostrophes,
    Migration0005Operators,
    Migration0006SharedWishlists,
    Migration0007ListingChanges,
    Migration0008SearchWords,
    Migration0009FillSearchWords,
    Migration0010WishlistsOfListing,
    Migration0013Places,
    Migration0016SearchRebuild,
    Migration0017HostNames,
    Migration0000AccountErasure,
    Migration0000AccountExport,
  ],
  projections: {
    'identity.user': ['account_standing', 'host_name'],
    'bookings.calendar': ['listing_calendar'],
    'reviews.rating': ['listing_rating'],
  },
  queue: true,
});
