import { Controller, Delete, Get, Put, Res, StreamableFile } from '@nestjs/common';
import {
  type AuthUser,
  CurrentUser,
  etagOf,
  FilePart,
  HasEtag,
  Param,
  Public,
  RespondsWith,
  RespondsWithFile,
  Summary,
  Upload,
  type UploadedFile,
  Uuid,
  VerifiedEmail,
  withEtag,
} from '@roost/http';
import { MAX_IMAGE_BYTES } from '@roost/images';
import type { FastifyReply } from 'fastify';
import { Me } from '../user/user.dto.js';
import { UserViewService } from '../user/user-view.service.js';
import { etagOfUser } from '../user/user.service.js';
import { AvatarService } from './avatar.service.js';

@Controller('v1')
export class AvatarController {
  constructor(
    private readonly avatars: AvatarService,
    private readonly views: UserViewService,
  ) {}

  @Summary('Set your avatar')
  @Put('me/avatar')
  @VerifiedEmail()
  @Upload({ field: 'file', maxBytes: MAX_IMAGE_BYTES })
  @RespondsWith(
    200,
    Me,
    'account.suspended',
    'auth.email_unverified',
    'photo.invalid',
    'request.too_large',
    'request.unsupported_media_type',
  )
  async replace(@CurrentUser() auth: AuthUser, @FilePart() upload: UploadedFile): Promise<Me> {
    const user = await this.avatars.replace(auth, upload);
    return withEtag(this.views.me(user), etagOfUser(user));
  }

  @Summary('Remove your avatar')
  @Delete('me/avatar')
  @RespondsWith(204, 'account.suspended')
  async remove(@CurrentUser() auth: AuthUser): Promise<void> {
    await this.avatars.remove(auth);
  }

  @Summary('Read an avatar')
  @Get('avatars/:avatarId')
  @Public()
  @HasEtag()
  @RespondsWithFile(['image/webp'], 'avatar.not_found')
  async content(
    @Param('avatarId', Uuid) avatarId: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<StreamableFile> {
    const content = await this.avatars.content(avatarId);
    // The content of an id never changes. After a day, caches drop the avatars of erased and suspended users.
    reply.header('cache-control', 'public, max-age=86400, immutable');
    const file = new StreamableFile(content, {
      type: 'image/webp',
      length: content.length,
      disposition: 'inline',
    });
    return withEtag(file, etagOf(avatarId));
  }
}
