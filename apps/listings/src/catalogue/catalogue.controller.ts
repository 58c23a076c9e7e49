import { Controller, Get, Header } from '@nestjs/common';
import { etagOf, HasEtag, Public, RespondsWith, Summary, withEtag } from '@roost/http';
import { CATALOGUES, Catalogues } from './catalogue.dto.js';

const ETAG = etagOf(CATALOGUES);

@Controller('v1/catalogues')
export class CatalogueController {
  @Summary('List amenities and property types')
  @Get()
  @Public()
  @HasEtag()
  // A day: the list changes with a release.
  @Header('cache-control', 'public, max-age=86400')
  @RespondsWith(200, Catalogues)
  read(): Catalogues {
    return withEtag(CATALOGUES, ETAG);
  }
}
