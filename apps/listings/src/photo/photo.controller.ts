import { Controller, Delete, Get, Post, Put, Res, StreamableFile } from '@nestjs/common';
import {
  RespondsWith,
  RespondsWithFile,
  type AuthUser,
  Body,
  CurrentUser,
  etagOf,
  FilePart,
  HasEtag,
  Param,
  Public,
  Roles,
  Upload,
  type UploadedFile,
  Uuid,
  VerifiedEmail,
  Summary,
  withEtag,
} from '@roost/http';
import { MAX_IMAGE_BYTES } from '@roost/images';
import type { FastifyReply } from 'fastify';
import { DISPLAY, PhotoView, RenditionName } from '../listing/listing-photo.dto.js';
import { PhotoOrder } from './photo.dto.js';
import { PhotoService } from './photo.service.js';

@Controller('v1')
export class PhotoController {
  constructor(private readonly photos: PhotoService) {}

  @Summary('Add a photo to a listing')
  @Post('listings/:id/photos')
  @Roles('host')
  @VerifiedEmail()
  @Upload({ field: 'file', maxBytes: MAX_IMAGE_BYTES })
  @RespondsWith(
    201,
    PhotoView,
    'listing.not_found',
    'listing.forbidden',
    'listing.archived',
    'photo.limit_reached',
    'photo.invalid',
    'request.too_large',
    'request.unsupported_media_type',
  )
  add(
    @CurrentUser() host: AuthUser,
    @Param('id', Uuid) id: string,
    @FilePart() photo: UploadedFile,
  ): Promise<PhotoView> {
    return this.photos.add(host, id, photo);
  }

  @Summary('Change the order of photos')
  @Put('listings/:id/photos/order')
  @Roles('host')
  @VerifiedEmail()
  @RespondsWith(204, 'listing.not_found', 'listing.forbidden', 'listing.archived')
  order(
    @CurrentUser() host: AuthUser,
    @Param('id', Uuid) id: string,
    @Body(PhotoOrder) body: PhotoOrder,
  ): Promise<void> {
    return this.photos.order(host, id, body);
  }

  @Summary('Remove a photo')
  @Delete('listings/:id/photos/:photoId')
  @Roles('host')
  @VerifiedEmail()
  @RespondsWith(
    204,
    'listing.not_found',
    'listing.forbidden',
    'listing.archived',
    'listing.incomplete',
    'photo.not_found',
  )
  remove(
    @CurrentUser() host: AuthUser,
    @Param('id', Uuid) id: string,
    @Param('photoId', Uuid) photoId: string,
  ): Promise<void> {
    return this.photos.remove(host, id, photoId);
  }

  @Summary('Read a rendition of a photo')
  @Get('photos/:photoId/:rendition')
  @Public()
  @HasEtag()
  @RespondsWithFile(['image/jpeg', 'image/webp'], 'photo.not_found')
  async rendition(
    @Param('photoId', Uuid) photoId: string,
    @Param('rendition', RenditionName) rendition: RenditionName,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<StreamableFile> {
    const { stream, sizeBytes } = await this.photos.rendition(photoId, rendition);
    // The content never changes, but its listing may be suspended: caches ask again after five minutes, with the ETag.
    reply.header('cache-control', 'public, max-age=300, must-revalidate');
    const type = rendition === DISPLAY ? 'image/jpeg' : 'image/webp';
    const file = new StreamableFile(stream, { type, length: sizeBytes, disposition: 'inline' });
    return withEtag(file, etagOf(`${photoId}/${rendition}`));
  }
}
