import { getQueueToken } from '@nestjs/bull';
import { type DynamicModule, Module, type Type } from '@nestjs/common';
import { JobOperations } from '@roost/platform';
import type { Queue } from 'bull';
import { ActiveSessions } from './active-sessions.js';
import { AuditedOperations } from './audited-operations.js';
import { deadLettersController } from './dead-letters.controller.js';
import { jobsController } from './jobs.controller.js';
import { outboxController } from './outbox.controller.js';

const SESSIONS_OF_TOKENS: ActiveSessions = { requireUser: () => Promise.resolve() };

/**
 * The routes of administrators over the dead letters, the outbox and the jobs of a service. The service needs the table
 * of the audit log and a queue.
 */
@Module({})
export class OperationsModule {
  /** `sessions`: of a service whose access tokens do not end with their session; exported by `module`. */
  static forService(
    service: string,
    sessions?: { module: Type; provider: Type<ActiveSessions> },
  ): DynamicModule {
    return {
      module: OperationsModule,
      imports: sessions ? [sessions.module] : [],
      controllers: [deadLettersController(service), outboxController(service), jobsController(service)],
      providers: [
        AuditedOperations,
        sessions
          ? { provide: ActiveSessions, useExisting: sessions.provider }
          : { provide: ActiveSessions, useValue: SESSIONS_OF_TOKENS },
        {
          provide: JobOperations,
          inject: [getQueueToken(service)],
          useFactory: (queue: Queue) => new JobOperations(queue),
        },
      ],
    };
  }
}
