import { Processor } from '@nestjs/bull';
import { SetMetadata } from '@nestjs/common';

export const SWEEP = 'roost:sweep';
export interface Sweep {
  seconds: number;
  name: string;
}

/** Marks a class with jobs of the service's Bull queue: `@Jobs('bookings') export class BookingJobs`. */
export const Jobs = (queue: string): ClassDecorator => Processor(queue);

/**
 * Runs a method every `seconds` seconds in one of the replicas, and immediately when the domain clock moves. The job
 * carries no data: the method selects its due rows from the database (`FOR UPDATE SKIP LOCKED`).
 */
export const SweepEvery = (seconds: number, name: string) =>
  SetMetadata<string, Sweep>(SWEEP, { seconds, name });
