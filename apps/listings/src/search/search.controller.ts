import { Controller, Get } from '@nestjs/common';
import { RespondsWith, Public, QueryParams, Summary } from '@roost/http';
import { SearchPage, SearchQuery } from './search.dto.js';
import { SearchPageService } from './search-page.service.js';

@Controller('v1/listings/search')
export class SearchController {
  constructor(private readonly pages: SearchPageService) {}

  @Summary('Search listings')
  @Get()
  @Public()
  @RespondsWith(200, SearchPage)
  search(@QueryParams(SearchQuery) query: SearchQuery): Promise<SearchPage> {
    return this.pages.read(query);
  }
}
