import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Problem } from '@roost/platform';
import { IdempotencyKeys } from '../idempotency/idempotency-keys.js';
import { receiveFile } from '../uploads/multipart.js';
import { uploadRules } from '../uploads/upload-rules.js';
import { ACCESS, INHERITS_ACCESS, ROLES, STEP_UP, VERIFIED_EMAIL } from './decorators.js';
import { AccessTokens } from './access-tokens.js';
import type { AuthUser } from '../context/auth-user.js';

const STEP_UP_SECONDS = 5 * 60;

interface Policy {
  access: 'user' | 'optional' | 'public';
  roles: readonly string[] | null;
  verifiedEmail: boolean;
  stepUp: boolean;
}

/**
 * Authorizes requests: a route requires a valid access token unless a decorator allows otherwise. Then claims the
 * idempotency key of the request.
 */
@Injectable()
export class AccessGuard implements CanActivate {
  readonly #policies = new WeakMap<object, Policy>();

  constructor(
    @Inject(AccessTokens) private readonly tokens: AccessTokens,
    @Inject(IdempotencyKeys) private readonly keys: IdempotencyKeys,
  ) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const type = context.getType<string>();
    if (type === 'graphql') {
      const { req } = context.getArgByIndex<{ req: FastifyRequest }>(2);
      this.check(context.getHandler(), context.getClass(), req.roost.user);
      return true;
    }
    if (type !== 'http') return true;
    const policy = this.#policyOf(context.getHandler(), context.getClass());
    if (policy.access === 'public') return true;
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const user = this.tokens.userOf(request);
    return user instanceof Promise
      ? user.then((verified) => this.#admit(request, policy, verified, context.getHandler()))
      : this.#admit(request, policy, user, context.getHandler());
  }

  /** Throws 401 or 403 if the decorators of the method, or of its class, do not admit the user. */
  check(handler: object, owner: object, user: AuthUser | null): void {
    this.#enforce(this.#policyOf(handler, owner), user);
  }

  #admit(
    request: FastifyRequest,
    policy: Policy,
    user: AuthUser | null,
    handler: object,
  ): boolean | Promise<boolean> {
    request.roost.user = user;
    this.#enforce(policy, user);
    if (!user) return true;
    return request.method === 'POST' && request.headers['idempotency-key'] !== undefined
      ? this.#claim(request, handler)
      : true;
  }

  /** The fingerprint of an upload includes its file, so the file is read first. A rejected file claims no key. */
  async #claim(request: FastifyRequest, handler: object): Promise<true> {
    const upload = uploadRules(handler);
    if (upload) await receiveFile(request, upload);
    await this.keys.claim(request.roost);
    return true;
  }

  #enforce(policy: Policy, user: AuthUser | null): void {
    if (policy.access === 'public') return;
    if (!user) {
      if (policy.access === 'optional') return;
      throw new Problem('auth.missing_token', undefined, {}, { 'www-authenticate': 'Bearer' });
    }
    if (policy.roles && !policy.roles.some((role) => user.roles.includes(role)))
      throw new Problem('auth.forbidden', undefined, { requiredRoles: policy.roles });
    if (policy.verifiedEmail && !user.emailVerified) throw new Problem('auth.email_unverified');
    if (policy.stepUp && Date.now() - user.authTime.getTime() > STEP_UP_SECONDS * 1000)
      throw new Problem('auth.step_up_required');
  }

  #policyOf(handler: object, owner: object): Policy {
    const cached = this.#policies.get(handler);
    if (cached) return cached;
    const inherits = Reflect.getMetadata(INHERITS_ACCESS, handler) === true;
    const read = (key: string): unknown =>
      Reflect.getMetadata(key, handler) ??
      (inherits ? undefined : (Reflect.getMetadata(key, owner) as unknown));
    const restricted = [ROLES, VERIFIED_EMAIL, STEP_UP].some((key) => read(key) !== undefined);
    const policy: Policy = {
      access:
        (read(ACCESS) as Policy['access'] | undefined) ?? (inherits && !restricted ? 'optional' : 'user'),
      roles: (read(ROLES) as readonly string[] | undefined) ?? null,
      verifiedEmail: read(VERIFIED_EMAIL) === true,
      stepUp: read(STEP_UP) === true,
    };
    this.#policies.set(handler, policy);
    return policy;
  }
}
