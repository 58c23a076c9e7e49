import { Query, Resolver } from '@roost/graphql';
import { Public } from '@roost/http';
import { ClientConfig } from './client-config.dto.js';
import { ClientConfigService } from './client-config.service.js';

@Resolver()
export class ClientConfigResolver {
  constructor(private readonly service: ClientConfigService) {}

  @Query(ClientConfig, { description: 'The settings of the marketplace for a client.' })
  @Public()
  config(): ClientConfig {
    return this.service.config;
  }
}
