import { createParamDecorator, type ExecutionContext, SetMetadata } from '@nestjs/common';
import { ApiExtension } from '@nestjs/swagger';
import { applyDecorators } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { AuthUser } from '../context/auth-user.js';

export const ACCESS = 'roost:access';
export const ROLES = 'roost:roles';
export const VERIFIED_EMAIL = 'roost:verified-email';
export const STEP_UP = 'roost:step-up';
/** A field of a GraphQL entity: a user who may read the parent may read it, unless it has decorators of its own. */
export const INHERITS_ACCESS = 'roost:inherits-access';

/** The OpenAPI extensions that hold the access rules until `createDocument` converts them to `security` and codes. */
export const ACCESS_EXTENSION = 'x-roost-access';
export const ROLES_EXTENSION = 'x-roost-roles';
export const VERIFIED_EMAIL_EXTENSION = 'x-roost-verified-email';
export const STEP_UP_EXTENSION = 'x-roost-step-up';

/** The route requires no access token and ignores one. */
export const Public = () =>
  applyDecorators(SetMetadata(ACCESS, 'public'), ApiExtension(ACCESS_EXTENSION, 'public'));

/** The access token is optional; an invalid one is rejected. `@CurrentUser()` is `AuthUser | null`. */
export const OptionalUser = () =>
  applyDecorators(SetMetadata(ACCESS, 'optional'), ApiExtension(ACCESS_EXTENSION, 'optional'));

/** The user must have at least one of these roles, otherwise 403 `auth.forbidden`. */
export const Roles = (...roles: string[]) =>
  applyDecorators(SetMetadata(ROLES, roles), ApiExtension(ROLES_EXTENSION, true));

/** The email address of the user must be verified, otherwise 403 `auth.email_unverified`. */
export const VerifiedEmail = () =>
  applyDecorators(SetMetadata(VERIFIED_EMAIL, true), ApiExtension(VERIFIED_EMAIL_EXTENSION, true));

/** The user must have authenticated within the last five minutes, otherwise 403 `auth.step_up_required`. */
export const StepUp = () =>
  applyDecorators(SetMetadata(STEP_UP, true), ApiExtension(STEP_UP_EXTENSION, true));

/** The user of the request: `AuthUser`, or `AuthUser | null` with `@OptionalUser()`. */
export const CurrentUser = createParamDecorator(
  (_: unknown, context: ExecutionContext): AuthUser | null => requestOf(context).roost.user,
);

/** The third argument of a GraphQL resolver is the context with the request. */
function requestOf(context: ExecutionContext): FastifyRequest {
  return context.getType<string>() === 'graphql'
    ? context.getArgByIndex<{ req: FastifyRequest }>(2).req
    : context.switchToHttp().getRequest<FastifyRequest>();
}
