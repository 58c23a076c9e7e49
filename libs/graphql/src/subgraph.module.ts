import { type DynamicModule, Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { type GqlModuleOptions, GraphQLModule } from '@nestjs/graphql';
import { SubgraphDriver } from './subgraph-driver.js';

/** Serves the subgraph of a service at `/graphql`. Adds no route to a service without resolvers. */
@Module({})
export class SubgraphModule {
  static create(): DynamicModule {
    return {
      module: SubgraphModule,
      imports: [
        GraphQLModule.forRootAsync({
          driver: SubgraphDriver,
          imports: [DiscoveryModule],
          // Guards run for edges, too; AccessGuard admits edges without access decorators.
          useFactory: (): Omit<GqlModuleOptions, 'driver'> => ({ fieldResolverEnhancers: ['guards'] }),
        }),
      ],
    };
  }
}
