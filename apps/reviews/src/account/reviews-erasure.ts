import type { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { Erasure, isErasedAccount } from '@roost/accounts';
import { eraseAuthor } from '../author/author.queries.js';
import { eraseHostFigures } from '../host-figures/host-figures.queries.js';
import { eraseReportComments } from '../moderation/moderation.queries.js';

/**
 * Removes the name of erased users from their reviews, the comments of their reports, and their figures as a host.
 * Reviews and replies stay, without an author: they belong to the listing or guest that they rate, and ratings stay exact.
 */
@Injectable()
export class ReviewsErasure extends Erasure {
  async erase(em: EntityManager, userId: string): Promise<boolean> {
    await eraseAuthor(em, userId);
    await eraseReportComments(em, userId);
    await eraseHostFigures(em, userId);
    return isErasedAccount(em, userId);
  }
}
