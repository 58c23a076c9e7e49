import { Mutation, Resolver } from '@roost/graphql';
import { type AuthUser, CurrentUser } from '@roost/http';
import { User } from '../user/user.resolver.js';
import { UserViewService } from '../user/user-view.service.js';
import { AvatarService } from './avatar.service.js';

@Resolver()
export class AvatarResolver {
  constructor(
    private readonly avatars: AvatarService,
    private readonly views: UserViewService,
  ) {}

  @Mutation(User, { description: 'Removes your avatar. `PUT /v1/me/avatar` sets one.' })
  async removeAvatar(@CurrentUser() auth: AuthUser): Promise<User> {
    return this.views.me(await this.avatars.remove(auth));
  }
}
