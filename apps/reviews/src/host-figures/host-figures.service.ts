import { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { Transactions } from '@roost/messaging';
import { Clock } from '@roost/platform';
import { addDuration } from '@roost/stay';
import { isSuperhost } from './domain/superhost.js';
import { type HostFigures, toHostFigures } from './host-figures.dto.js';
import { findEvaluatedHosts, lockDueHosts, storeEvaluations } from './host-figures.queries.js';

/** The hosts that are evaluated in one transaction. */
const PAGE = 100;

/** Reads the figures of hosts, and evaluates who is a superhost: once a day, and when the figures have changed. */
@Injectable()
export class HostFiguresService {
  constructor(
    private readonly em: EntityManager,
    private readonly transactions: Transactions,
    private readonly clock: Clock,
  ) {}

  /** In the order of the ids. */
  async read(userIds: readonly string[]): Promise<HostFigures[]> {
    const hosts = await findEvaluatedHosts(this.em.fork(), userIds);
    const byId = new Map(hosts.map((host) => [host.hostId, host]));
    return userIds.map((id) => toHostFigures(byId.get(id.toLowerCase())));
  }

  async evaluateDue(): Promise<void> {
    while ((await this.evaluatePage()) === PAGE);
  }

  private async evaluatePage(): Promise<number> {
    return await this.transactions.run(async (em) => {
      const now = this.clock.now();
      const due = await lockDueHosts(em, { from: addDuration(now, '-P365D'), now, limit: PAGE });
      if (due.length === 0) return 0;
      const evaluated = due.map((host) => ({ hostId: host.hostId, superhost: isSuperhost(host) }));
      await storeEvaluations(em, evaluated, { now, nextDueAt: addDuration(now, 'P1D') });
      return due.length;
    });
  }
}
