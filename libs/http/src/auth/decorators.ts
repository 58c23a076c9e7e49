import { createParamDecorator, type ExecutionContext, SetMetadata } from '@nestjs/common';
import { ApiExtension } from '@nestjs/swagger';
import { applyDecorators } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { AuthUser } from '../context/auth-user.js';

export const ACCESS = 'roost:access';
export const ROLES = 'roost:roles';
export const VERIFIED_EMAIL = 'roost:verified-email';
export const STEP_UP = 'roost:step-up';
/** At an edge of the graph: who reached the parent may enter, unless the edge itself says more. */
export const INHERITS_ACCESS = 'roost:inherits-access';

/** Written into the document, from where the gateway reads it. */
export const ACCESS_EXTENSION = 'x-roost-access';

/** No access token needed, none looked at. */
export const Public = () =>
  applyDecorators(SetMetadata(ACCESS, 'public'), ApiExtension(ACCESS_EXTENSION, 'public'));

/** Signed in or not; a token that is sent must be valid. `@CurrentUser()` gives `AuthUser | null`. */
export const OptionalUser = () =>
  applyDecorators(SetMetadata(ACCESS, 'optional'), ApiExtension(ACCESS_EXTENSION, 'optional'));

/** The token carries at least one of these roles, else 403 `auth.forbidden`. */
export const Roles = (...roles: string[]) => SetMetadata(ROLES, roles);

/** The mail address is verified, else 403 `auth.email_unverified`. */
export const VerifiedEmail = () => SetMetadata(VERIFIED_EMAIL, true);

/** Proved who they are in the last five minutes, else 403 `auth.step_up_required`. */
export const StepUp = () => SetMetadata(STEP_UP, true);

/** The user of this request: `AuthUser`, or `AuthUser | null` where the route says `@OptionalUser()`. */
export const CurrentUser = createParamDecorator(
  (_: unknown, context: ExecutionContext): AuthUser | null => requestOf(context).roost.user,
);

/** Resolvers have it in their third argument, the context. */
function requestOf(context: ExecutionContext): FastifyRequest {
  return context.getType<string>() === 'graphql'
    ? context.getArgByIndex<{ req: FastifyRequest }>(2).req
    : context.switchToHttp().getRequest<FastifyRequest>();
}
