import { Controller, Delete, Post } from '@nestjs/common';
import {
  type AuthUser,
  CurrentUser,
  Param,
  RespondsWith,
  Roles,
  Summary,
  Uuid,
  VerifiedEmail,
} from '@roost/http';
import { ListingView } from '../listing/listing.dto.js';
import { DraftService } from './draft.service.js';

@Controller('v1/listings/:id')
export class DraftController {
  constructor(private readonly drafts: DraftService) {}

  @Summary('Delete a draft')
  @Delete()
  @Roles('host')
  @VerifiedEmail()
  @RespondsWith(204, 'listing.not_found', 'listing.forbidden', 'listing.wrong_state')
  delete(@CurrentUser() host: AuthUser, @Param('id', Uuid) id: string): Promise<void> {
    return this.drafts.delete(host, id);
  }

  @Summary('Copy a listing to a new draft')
  @Post('copy')
  @Roles('host')
  @VerifiedEmail()
  @RespondsWith(201, ListingView, 'listing.not_found', 'listing.forbidden', 'listing.wrong_state')
  copy(@CurrentUser() host: AuthUser, @Param('id', Uuid) id: string): Promise<ListingView> {
    return this.drafts.copy(host, id);
  }
}
