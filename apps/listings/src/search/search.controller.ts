import { Controller, Get } from '@nestjs/common';
import { RespondsWith, Public, QueryParams, Summary } from '@roost/http';
import { SearchPage, SearchQuery } from './search.dto.js';
import { SearchService } from './search.service.js';

@Controller('v1/listings/search')
export class SearchController {
  constructor(private readonly searchService: SearchService) {}

  @Summary('Search listings')
  @Get()
  @Public()
  @RespondsWith(200, SearchPage)
  async search(@QueryParams(SearchQuery) query: SearchQuery): Promise<SearchPage> {
    const [page, facets] = await Promise.all([
      this.searchService.search(query),
      query.facets === true ? this.searchService.facets(query) : null,
    ]);
    return { ...page, facets };
  }
}
