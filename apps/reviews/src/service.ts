import { defineService } from '@roost/service';
import { Migration0001Stay } from '../migrations/Migration0001Stay.js';
import { Migration0002Review } from '../migrations/Migration0002Review.js';
import { AppModule } from './app.module.js';
import { ReviewsConfig } from './config.js';
import { Rating } from './rating/rating.entity.js';
import { Review } from './review/review.entity.js';
import { Stay } from './stay/stay.entity.js';

export const reviews = defineService({
  name: 'reviews',
  port: 3005,
  description: 'What guests and hosts say of each other, and ratings',
  module: AppModule,
  config: ReviewsConfig,
  entities: [Stay, Review, Rating],
  migrations: [Migration0001Stay, Migration0002Review],
  projections: {
    'identity.user': ['account'],
  },
  queue: true,
});
