import { Module } from '@nestjs/common';
import { HostFiguresJobs } from './host-figures.jobs.js';

/** What hosts did in the last year. Reads bookings and threads, and publishes to reviews, which evaluates hosts. */
@Module({ providers: [HostFiguresJobs] })
export class HostFiguresModule {}
