import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { AuthUser } from '@roost/http';
import type { FastifyRequest } from 'fastify';

/** Of a service that checks in its use cases, not with the access token, whether the session of a user has ended. */
export abstract class ActiveSessions {
  /** Throws 401 if the session has ended, 403 if the account is suspended. */
  abstract requireUser(user: AuthUser): Promise<unknown>;
}

@Injectable()
export class ActiveSessionGuard implements CanActivate {
  constructor(private readonly sessions: ActiveSessions) {}

  async canActivate(context: ExecutionContext): Promise<true> {
    const { user } = context.switchToHttp().getRequest<FastifyRequest>().roost;
    if (user) await this.sessions.requireUser(user);
    return true;
  }
}
