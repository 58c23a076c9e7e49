import type { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { Clock } from '@roost/platform';
import type { User } from '../account/user.entity.js';
import { findObligations, lockAdministrators, type Obligation } from './obligation.queries.js';

/** What prevents the erasure of an account. */
@Injectable()
export class ObligationsService {
  constructor(private readonly clock: Clock) {}

  async of(em: EntityManager, user: User): Promise<Obligation[]> {
    const obligations = await findObligations(em, user.id, this.clock.now());
    if (!user.roles.includes('admin')) return obligations;
    const administrators = await lockAdministrators(em);
    if (administrators.some((id) => id !== user.id)) return obligations;
    return [...obligations, { kind: 'last-administrator', id: user.id }];
  }
}
