import {
  Migration0000AccountErasure,
  Migration0000AccountExport,
  Migration0000AccountStanding,
} from '@roost/accounts';
import { defineService } from '@roost/service';
import { Migration0001Reviews } from '../migrations/Migration0001Reviews.js';
import { Migration0003AuditLog } from '../migrations/Migration0003AuditLog.js';
import { Migration0004ReviewAuthors } from '../migrations/Migration0004ReviewAuthors.js';
import { Migration0007ReviewFilters } from '../migrations/Migration0007ReviewFilters.js';
import { Migration0008HostFigures } from '../migrations/Migration0008HostFigures.js';
import { Migration0009ReplyModeration } from '../migrations/Migration0009ReplyModeration.js';
import { AppModule } from './app.module.js';
import { ReviewsConfig } from './config.js';
import { reviewFigures } from './figures.js';
import { Rating } from './rating/rating.entity.js';
import { Review } from './review/review.entity.js';
import { ReviewableStay } from './reviewable-stay/reviewable-stay.entity.js';

export const reviews = defineService({
  name: 'reviews',
  port: 3005,
  description: 'Reviews by guests and hosts, and ratings',
  module: AppModule,
  config: ReviewsConfig,
  entities: [ReviewableStay, Review, Rating],
  migrations: [
    Migration0000AccountStanding,
    Migration0001Reviews,
    Migration0003AuditLog,
    Migration0000AccountErasure,
    Migration0000AccountExport,
    Migration0004ReviewAuthors,
    Migration0007ReviewFilters,
    Migration0008HostFigures,
    Migration0009ReplyModeration,
  ],
  projections: {
    'identity.user': ['account_standing', 'author'],
    'listings.listing': ['listing'],
    'bookings.host': ['host_figures'],
  },
  figures: reviewFigures,
  queue: true,
});
