import type { EntityManager } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { type EventBody, services } from '@roost/contracts';
import { Outbox, Transactions } from '@roost/messaging';
import { LOGGER, SystemClock } from '@roost/platform';
import type { Logger } from 'pino';
import { UserAccountService } from '../account/user-account.service.js';
import { User } from '../account/user.entity.js';
import { completeErasureRequest, insertErasureRequest, recordCompletion } from './erasure-request.queries.js';
import { incrementVersion } from './personal-rows.queries.js';

type ErasureRequest = EventBody<'privacy.erasure-requested'>;

/** Requests erasures from all services, and tracks which of them have completed. */
@Injectable()
export class ErasureProgressService {
  constructor(
    private readonly transactions: Transactions,
    private readonly outbox: Outbox,
    private readonly accounts: UserAccountService,
    private readonly clock: SystemClock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async start(em: EntityManager, request: ErasureRequest): Promise<void> {
    await insertErasureRequest(em, { ...request, requestedAt: this.clock.now() });
    await this.outbox.add(em, 'privacy.erasure-requested', request);
    this.transactions.afterCommit(() => this.logger.info(request, 'user erased'));
  }

  /** Ends the key of the user in `identity.user` when all services have erased them. */
  async complete(request: ErasureRequest, service: string): Promise<void> {
    await this.transactions.run(async (em) => {
      const completedBy = await recordCompletion(em, request, service);
      if (!completedBy || services.some((name) => !completedBy.includes(name))) return;
      const { userId } = request;
      await completeErasureRequest(em, userId, this.clock.now());
      await incrementVersion(em, userId);
      const user = await em.findOneOrFail(User, { id: userId });
      await this.accounts.publishErased(em, user, { completed: true });
    });
  }
}
