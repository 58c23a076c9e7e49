import { Arg, Mutation, Query, Reference, Resolver } from '@roost/graphql';
import { type AuthUser, CurrentUser, OptionalUser, Uuid, VerifiedEmail } from '@roost/http';
import { z } from 'zod';
import { Sessions } from '../session/session.service.js';
import { Me, PublicProfile, toMe, toPublicProfile, UpdateMe } from './user.dto.js';
import { Users } from './user.service.js';

const { email, locale, roles, emailVerified, mfaEnabled } = Me.shape;

/** Everybody's profile; what concerns oneself only is null at others. */
export const User = PublicProfile.extend({
  email: email.nullish().meta({ description: 'Yours; null at others' }),
  locale: locale.nullish(),
  roles: roles.nullish(),
  emailVerified: emailVerified.nullish(),
  mfaEnabled: mfaEnabled.nullish(),
}).meta({ id: 'User' });
export type User = z.output<typeof User>;

@Resolver(User)
export class UserResolver {
  constructor(
    private readonly users: Users,
    private readonly sessions: Sessions,
  ) {}

  @Query(User)
  async me(@CurrentUser() auth: AuthUser): Promise<User> {
    return toMe(await this.sessions.ownerOf(auth));
  }

  @OptionalUser()
  @Query(User)
  async user(@CurrentUser() auth: AuthUser | null, @Arg('id', Uuid) id: string): Promise<User> {
    return seenBy(auth, await this.users.profile(id));
  }

  @OptionalUser()
  @Reference(User)
  async active(ids: readonly string[], auth: AuthUser | null): Promise<User[]> {
    return (await this.users.profiles(ids)).map((user) => seenBy(auth, user));
  }

  @Mutation(User)
  async updateMe(@CurrentUser() auth: AuthUser, @Arg('input', UpdateMe) input: UpdateMe): Promise<User> {
    return toMe(await this.users.update(auth, input));
  }

  @VerifiedEmail()
  @Mutation(User)
  becomeHost(@CurrentUser() auth: AuthUser): Promise<User> {
    return this.users.becomeHost(auth);
  }
}

const seenBy = (auth: AuthUser | null, user: Parameters<typeof toMe>[0]): User =>
  auth?.id === user.id ? toMe(user) : toPublicProfile(user);
