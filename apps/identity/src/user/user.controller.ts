import { Controller, Get, Patch, Post } from '@nestjs/common';
import {
  HasEtag,
  RespondsWith,
  type AuthUser,
  Body,
  CurrentUser,
  etagOf,
  Param,
  Public,
  Uuid,
  VerifiedEmail,
  withEtag,
  Summary,
} from '@roost/http';
import { SessionService } from '../session/session.service.js';
import { Me, PublicProfile, UpdateMe } from './user.dto.js';
import { UserViewService } from './user-view.service.js';
import { etagOfUser, UserService } from './user.service.js';

@Controller('v1')
export class UserController {
  constructor(
    private readonly users: UserService,
    private readonly sessions: SessionService,
    private readonly views: UserViewService,
  ) {}

  @Summary('Read your account')
  @Get('me')
  @HasEtag()
  @RespondsWith(200, Me)
  async me(@CurrentUser() auth: AuthUser): Promise<Me> {
    const user = await this.sessions.requireUser(auth);
    return withEtag(this.views.me(user), etagOfUser(user));
  }

  @Summary('Change your account')
  @Patch('me')
  @RespondsWith(200, Me, 'request.precondition_failed')
  async update(@CurrentUser() auth: AuthUser, @Body(UpdateMe) body: UpdateMe): Promise<Me> {
    const user = await this.users.update(auth, body);
    return withEtag(this.views.me(user), etagOfUser(user));
  }

  @Summary('Become a host')
  @Post('me/host')
  @VerifiedEmail()
  @RespondsWith(200, Me, 'account.suspended', 'auth.email_unverified')
  becomeHost(@CurrentUser() auth: AuthUser): Promise<Me> {
    return this.users.becomeHost(auth);
  }

  @Public()
  @Summary('Read the public profile of a user')
  @Get('users/:id')
  @HasEtag()
  @RespondsWith(200, PublicProfile, 'user.not_found')
  async profile(@Param('id', Uuid) id: string): Promise<PublicProfile> {
    const user = await this.users.profile(id);
    return withEtag(this.views.publicProfile(user), etagOf(user.version));
  }
}
