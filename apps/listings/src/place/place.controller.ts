import { Controller, Get } from '@nestjs/common';
import { Public, QueryParams, RespondsWith, Summary } from '@roost/http';
import { Places, PlacesQuery } from './place.dto.js';
import { PlaceService } from './place.service.js';

@Controller('v1/places')
export class PlaceController {
  constructor(private readonly places: PlaceService) {}

  @Summary('Suggest cities')
  @Get()
  @Public()
  @RespondsWith(200, Places)
  async find(@QueryParams(PlacesQuery) { q, limit }: PlacesQuery): Promise<Places> {
    return { data: await this.places.find(q, limit) };
  }
}
