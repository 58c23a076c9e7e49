import { type DynamicModule, Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { type GqlModuleOptions, GraphQLModule } from '@nestjs/graphql';
import { SubgraphDriver } from './subgraph.driver.js';

/** The part of the graph that a service owns, at `/graphql`; nothing at all where it has no resolvers. */
@Module({})
export class SubgraphModule {
  static create(): DynamicModule {
    return {
      module: SubgraphModule,
      imports: [
        GraphQLModule.forRootAsync({
          driver: SubgraphDriver,
          imports: [DiscoveryModule],
          // Guards hold at edges, too; AccessGuard lets those through that say nothing.
          useFactory: (): Omit<GqlModuleOptions, 'driver'> => ({ fieldResolverEnhancers: ['guards'] }),
        }),
      ],
    };
  }
}
