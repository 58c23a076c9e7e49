import type { INestApplication, Type } from '@nestjs/common';
import type { EventTransport } from '@roost/messaging';
import type { Logger } from 'pino';
import type { z } from 'zod';
import type { HttpOptions } from '@roost/http';
import type { Environment, MigrationClass } from '@roost/platform';

export type ServiceName =
  'identity' | 'listings' | 'bookings' | 'payments' | 'reviews' | 'gateway' | 'sandbox' | (string & {});

export interface ServiceDefinition<C extends z.ZodObject = z.ZodObject> {
  name: ServiceName;
  /** Where it listens unless `PORT` says otherwise. */
  port: number;
  description: string;
  module: Type;
  /** The variables that only this service reads. */
  config: C;
  entities: readonly (new () => object)[];
  /** Its own migrations; those of the platform and of messaging run before them. */
  migrations: readonly MigrationClass[];
  /**
   * The tables whose rows each state topic fills, with its version in their `version` (0: a row of the service's own).
   * They can be emptied and built anew from it (`roost replay projections`), so nothing may hang on those rows.
   */
  projections?: Readonly<Record<string, readonly string[]>>;
  /** A Bull queue named after the service. */
  queue?: boolean;
  /** `false`: no database, no events. */
  database?: boolean;
  /** `false`: a database, but no outbox and no consumers. */
  messaging?: boolean;
  http?: HttpOptions;
}

export function defineService<C extends z.ZodObject>(definition: ServiceDefinition<C>): ServiceDefinition<C> {
  return definition;
}

export interface StartOptions {
  /** Instead of `process.env`. */
  env?: Environment;
  /** Carries events between services of one process; where none is given, ROOST_MODE decides. */
  bus?: EventTransport;
  logger?: Logger;
}

export interface RunningService {
  name: string;
  url: string;
  port: number;
  app: INestApplication;
  get<T>(token: Type<T> | (abstract new (...args: never[]) => T) | symbol | string): T;
  /** `lingerMs`: how long clients may still use the connections that they keep, and are told to open another. */
  close(options?: { lingerMs?: number }): Promise<void>;
}
