import { Module } from '@nestjs/common';
import { RetentionJobs } from './retention.jobs.js';

/** How long texts are stored. Writes to the tables of bookings and threads. */
@Module({ providers: [RetentionJobs] })
export class RetentionModule {}
