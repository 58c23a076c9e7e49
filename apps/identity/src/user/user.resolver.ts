import { Arg, Mutation, Query, Reference, Resolver } from '@roost/graphql';
import { type AuthUser, CurrentUser, OptionalUser, Uuid, VerifiedEmail } from '@roost/http';
import { z } from 'zod';
import { SessionService } from '../session/session.service.js';
import type { User as UserAccount } from '../account/user.entity.js';
import { Me, PublicProfile, UpdateMe } from './user.dto.js';
import { UserViewService } from './user-view.service.js';
import { UserService } from './user.service.js';

const { email, phone, locale, hiddenInBio, roles, emailVerified, mfaEnabled } = Me.shape;

/** The public profile, and private fields that are null for every user but the caller. */
export const User = PublicProfile.extend({
  email: email.nullish().meta({ description: 'Your own mail address; null for other users' }),
  phone: phone.nullish().meta({ description: 'Your own verified phone number; null for other users' }),
  locale: locale.nullish(),
  hiddenInBio: hiddenInBio.nullish(),
  roles: roles.nullish(),
  emailVerified: emailVerified.nullish(),
  mfaEnabled: mfaEnabled.nullish(),
}).meta({ id: 'User' });
export type User = z.output<typeof User>;

@Resolver(User)
export class UserResolver {
  constructor(
    private readonly users: UserService,
    private readonly sessions: SessionService,
    private readonly views: UserViewService,
  ) {}

  @Query(User)
  async me(@CurrentUser() auth: AuthUser): Promise<User> {
    return this.views.me(await this.sessions.requireUser(auth));
  }

  @OptionalUser()
  @Query(User)
  async user(@CurrentUser() auth: AuthUser | null, @Arg('id', Uuid) id: string): Promise<User> {
    await this.requireOpenSession(auth);
    return this.visibleTo(auth, await this.users.profile(id));
  }

  @OptionalUser()
  @Reference(User)
  async active(ids: readonly string[], auth: AuthUser | null): Promise<User[]> {
    await this.requireOpenSession(auth);
    return (await this.users.profiles(ids)).map((user) => this.visibleTo(auth, user));
  }

  @Mutation(User)
  async updateMe(@CurrentUser() auth: AuthUser, @Arg('input', UpdateMe) input: UpdateMe): Promise<User> {
    return this.views.me(await this.users.update(auth, input));
  }

  @VerifiedEmail()
  @Mutation(User)
  becomeHost(@CurrentUser() auth: AuthUser): Promise<User> {
    return this.users.becomeHost(auth);
  }

  /** The other services reject the token of an ended session before any field; here the use cases do. */
  private async requireOpenSession(auth: AuthUser | null): Promise<void> {
    if (auth) await this.sessions.requireUser(auth);
  }

  private visibleTo(auth: AuthUser | null, user: UserAccount): User {
    return auth?.id === user.id ? this.views.me(user) : this.views.publicProfile(user);
  }
}
