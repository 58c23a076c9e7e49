import type { INestApplication, Type } from '@nestjs/common';
import type { EventFigures, EventTransport } from '@roost/messaging';
import type { Logger } from 'pino';
import type { z } from 'zod';
import type { HttpOptions } from '@roost/http';
import type { Environment, Metrics, MigrationClass } from '@roost/platform';

export type ServiceName =
  'identity' | 'listings' | 'bookings' | 'payments' | 'reviews' | 'gateway' | 'sandbox' | (string & {});

export interface ServiceDefinition<C extends z.ZodObject = z.ZodObject> {
  name: ServiceName;
  /** The default port, without `PORT`. */
  port: number;
  description: string;
  module: Type;
  /** The schema of the service's own environment variables. */
  config: C;
  entities: readonly (new () => object)[];
  /** The migrations of the service. The migrations of the platform and of messaging run first. */
  migrations: readonly MigrationClass[];
  /**
   * The tables that mirror each state topic, with the version of the event in their column `version` (0: a row that the
   * service created itself). `roost replay projections` empties and rebuilds them, so no foreign key may reference them.
   */
  projections?: Readonly<Record<string, readonly string[]>>;
  /** Registers the figures of the business and returns how the events that the service publishes change them. */
  figures?: (metrics: Metrics) => EventFigures;
  /** `true`: the service has a Bull queue with its name. */
  queue?: boolean;
  /** `false`: no database, no events. */
  database?: boolean;
  /** `false`: no outbox and no consumers. */
  messaging?: boolean;
  http?: HttpOptions;
}

/** Declares a service; only for type inference. */
export function defineService<C extends z.ZodObject>(definition: ServiceDefinition<C>): ServiceDefinition<C> {
  return definition;
}

export interface StartOptions {
  /** The environment; by default `process.env`. */
  env?: Environment;
  /** The transport of events between services of one process. By default, `ROOST_MODE` selects it. */
  bus?: EventTransport;
  logger?: Logger;
}

export interface RunningService {
  name: string;
  url: string;
  port: number;
  app: INestApplication;
  /** `STOP_LINGER_SECONDS`, in milliseconds. */
  lingerMs: number;
  get<T>(token: Type<T> | (abstract new (...args: never[]) => T) | symbol | string): T;
  /** `lingerMs`: the maximum time that clients can use their keep-alive connections; each response closes its own. */
  close(options?: { lingerMs?: number }): Promise<void>;
}
