import { Controller, Get, Header } from '@nestjs/common';
import { HasEtag, Public, RespondsWith, Summary, withEtag } from '@roost/http';
import { ClientConfig } from './client-config.dto.js';
import { ClientConfigService } from './client-config.service.js';

@Controller('v1/config')
export class ClientConfigController {
  constructor(private readonly service: ClientConfigService) {}

  @Summary('Read the settings of the marketplace for a client')
  @Get()
  @Public()
  @HasEtag()
  @Header('cache-control', 'public, max-age=300')
  @RespondsWith(200, ClientConfig)
  read(): ClientConfig {
    return withEtag(this.service.config);
  }
}
