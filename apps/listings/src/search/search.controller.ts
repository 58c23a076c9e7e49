import { Controller, Get } from '@nestjs/common';
import { RespondsWith, Page, Public, QueryParams, Summary } from '@roost/http';
import type { z } from 'zod';
import { SearchHit, SearchQuery } from './search.dto.js';
import { SearchService } from './search.service.js';

const SearchPage = Page(SearchHit);
type SearchPage = z.output<typeof SearchPage>;

@Controller('v1/listings/search')
export class SearchController {
  constructor(private readonly searchService: SearchService) {}

  @Summary('Search listings')
  @Get()
  @Public()
  @RespondsWith(200, SearchPage)
  search(@QueryParams(SearchQuery) query: SearchQuery): Promise<SearchPage> {
    return this.searchService.search(query);
  }
}
