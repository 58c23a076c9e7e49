import { EntityManager } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { currentRequest, tracedFetch, Uuid } from '@roost/http';
import { CONFIG, type ErrorCode, LOGGER, Problem, timeoutSignal, unavailable } from '@roost/platform';
import { Tracing } from '@roost/tracing';
import type { Logger } from 'pino';
import { z } from 'zod';
import { User } from '../account/user.entity.js';
import type { IdentityConfig } from '../config.js';
import type { ReportedContent, SubjectType } from './report.dto.js';

const TIMEOUT_MS = 3_000;

/** What a report is about, as the reporter sees it. */
export interface ReportedSubject {
  ownerId: string | null;
  threadId: string | null;
  content: ReportedContent;
}

interface Remote {
  service: string;
  address: 'LISTINGS_URL' | 'BOOKINGS_URL' | 'REVIEWS_URL';
  route: string;
  notFound: ErrorCode;
  /** The part of the response that a report needs. */
  shape: z.ZodType<ReportedSubject>;
}

const REMOTE: Record<Exclude<SubjectType, 'user'>, Remote> = {
  listing: {
    service: 'listings',
    address: 'LISTINGS_URL',
    route: '/v1/listings/{id}',
    notFound: 'listing.not_found',
    shape: z
      .object({ hostId: Uuid, title: z.string(), description: z.string(), houseRules: z.string() })
      .transform(({ hostId, ...content }) => ({ ownerId: hostId, threadId: null, content })),
  },
  message: {
    service: 'bookings',
    address: 'BOOKINGS_URL',
    route: '/v1/messages/{id}',
    notFound: 'message.not_found',
    shape: z
      .object({ senderId: Uuid, threadId: Uuid, text: z.string() })
      .transform(({ senderId, threadId, text }) => ({ ownerId: senderId, threadId, content: { text } })),
  },
  review: {
    service: 'reviews',
    address: 'REVIEWS_URL',
    route: '/v1/reviews/{id}',
    notFound: 'review.not_found',
    shape: z
      .object({ authorId: Uuid.nullable(), text: z.string() })
      .transform(({ authorId, text }) => ({ ownerId: authorId, threadId: null, content: { text } })),
  },
  reply: {
    service: 'reviews',
    address: 'REVIEWS_URL',
    route: '/v1/reviews/{id}',
    notFound: 'review.not_found',
    shape: z
      .object({ reply: z.object({ authorId: Uuid, text: z.string() }).nullable() })
      .transform(({ reply }) => {
        if (!reply) throw new Problem('review.not_found', 'The review has no reply');
        return { ownerId: reply.authorId, threadId: null, content: { text: reply.text } };
      }),
  },
};

/**
 * Reads the subject of a report from its service, with the access token of the reporter: that service decides what the
 * reporter may see (ADR 39).
 */
@Injectable()
export class ReportedSubjectClient {
  constructor(
    private readonly em: EntityManager,
    private readonly tracing: Tracing,
    @Inject(CONFIG) private readonly config: IdentityConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Throws 404 if it does not exist for the reporter, and 503 while its service does not respond. */
  find(type: SubjectType, id: string): Promise<ReportedSubject> {
    return type === 'user' ? this.findUser(id) : this.read(REMOTE[type], id);
  }

  private async findUser(id: string): Promise<ReportedSubject> {
    const user = await this.em.fork().findOne(User, { id, status: 'active' });
    if (!user) throw new Problem('user.not_found');
    return { ownerId: id, threadId: null, content: { displayName: user.displayName, bio: user.publicBio } };
  }

  private async read(
    { service, address, route, notFound, shape }: Remote,
    id: string,
  ): Promise<ReportedSubject> {
    const url = this.config[address];
    const call = { peer: service, method: 'GET', url, route };
    try {
      return await tracedFetch(this.tracing, call, async (headers, onStatus) => {
        const authorization = currentRequest()?.request.headers.authorization ?? '';
        const response = await fetch(`${url}${route.replace('{id}', id)}`, {
          headers: { ...headers, authorization },
          redirect: 'error',
          signal: timeoutSignal(TIMEOUT_MS),
        });
        onStatus(response.status);
        const body: unknown = await response.json();
        if (response.status === 404) throw new Problem(notFound);
        if (!response.ok) throw new Error(`status ${response.status}`);
        return shape.parse(body);
      });
    } catch (error) {
      if (error instanceof Problem) throw error;
      this.logger.warn({ service, err: error }, 'service did not respond');
      throw unavailable(`The service of this subject (${service}) is temporarily unavailable`);
    }
  }
}
