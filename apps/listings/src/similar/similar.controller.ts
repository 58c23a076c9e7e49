import { Controller, Get } from '@nestjs/common';
import { Param, Public, QueryParams, RespondsWith, Summary, Uuid } from '@roost/http';
import { SimilarListings, SimilarQuery } from './similar.dto.js';
import { SimilarService } from './similar.service.js';

@Controller('v1/listings/:id/similar')
export class SimilarController {
  constructor(private readonly similar: SimilarService) {}

  @Summary('List similar listings')
  @Get()
  @Public()
  @RespondsWith(200, SimilarListings, 'listing.not_found')
  async find(
    @Param('id', Uuid) id: string,
    @QueryParams(SimilarQuery) { limit }: SimilarQuery,
  ): Promise<SimilarListings> {
    return { data: await this.similar.find(id, limit) };
  }
}
