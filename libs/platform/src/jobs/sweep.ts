import { Processor } from '@nestjs/bull';
import { SetMetadata } from '@nestjs/common';

export const SWEEP = 'roost:sweep';
export interface Sweep {
  seconds: number;
  name: string;
}

/** A class of Bull jobs of this service's one queue: `@Jobs('bookings') export class BookingJobs`. */
export const Jobs = (queue: string): ClassDecorator => Processor(queue);

/**
 * Runs a method every so many seconds in one of the replicas, and at once when the clock is moved. The job only
 * wakes it: what is due stands in the database, so the method picks up rows (`FOR UPDATE SKIP LOCKED`).
 */
export const SweepEvery = (seconds: number, name: string) =>
  SetMetadata<string, Sweep>(SWEEP, { seconds, name });
