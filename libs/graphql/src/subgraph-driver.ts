import { Inject, Injectable } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { AbstractGraphQLDriver, GraphQLFederationFactory, type GqlModuleOptions } from '@nestjs/graphql';
import type { FastifyInstance } from 'fastify';
import { type GraphQLFieldResolver, type GraphQLSchema, isObjectType } from 'graphql';
import type { Logger } from 'pino';
import { AccessGuard, AccessTokens, IdempotencyKeys, Uuid } from '@roost/http';
import { type BaseConfig, CONFIG, LOGGER } from '@roost/platform';
import { BatchLoader, type GraphqlContext } from './batch-loader.js';
import { isExternalEntity } from './entity.js';
import { nameOf } from './names.js';
import { metadataOf, type ResolverMetadata } from './resolver-metadata.js';
import { idempotent } from './idempotent-mutation.js';
import { subgraphOf } from './sdl.js';
import { SubgraphEndpoint } from './subgraph-endpoint.js';

interface Found {
  instance: object;
  metadata: ResolverMetadata;
}

/** A driver of `@nestjs/graphql` that runs the resolvers of a service on graphql-js, with a schema generated from zod. */
@Injectable()
export class SubgraphDriver extends AbstractGraphQLDriver {
  #sdl: string | null = null;

  constructor(
    @Inject(DiscoveryService) private readonly discovery: DiscoveryService,
    @Inject(GraphQLFederationFactory) private readonly factory: GraphQLFederationFactory,
    @Inject(AccessGuard) private readonly access: AccessGuard,
    @Inject(AccessTokens) private readonly tokens: AccessTokens,
    @Inject(IdempotencyKeys) private readonly keys: IdempotencyKeys,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(CONFIG) private readonly config: BaseConfig,
  ) {
    super();
  }

  override async mergeDefaultOptions(options: GqlModuleOptions): Promise<GqlModuleOptions> {
    return { ...options };
  }

  override async generateSchema(options: GqlModuleOptions): Promise<GraphQLSchema> {
    const found = this.#resolvers();
    // Nest calls this for services without resolvers, too: they have no schema.
    if (found.length === 0) return undefined as unknown as GraphQLSchema;
    const { sdl, scalars } = subgraphOf(found.map(({ metadata }) => metadata));
    const batches = new BatchLoader(this.access);
    const schema = await this.factory.generateSchema({
      ...options,
      typeDefs: sdl,
      resolvers: scalars,
      resolverValidationOptions: { requireResolversToMatchSchema: 'error' },
    });
    for (const { instance, metadata } of found) attachBatches(schema, instance, metadata, batches);
    this.#protectMutations(schema, batches);
    this.#sdl = sdl;
    return schema;
  }

  override async start({ schema }: GqlModuleOptions): Promise<void> {
    const sdl = this.#sdl;
    if (!schema || sdl === null) return;
    const fastify = this.httpAdapterHost.httpAdapter.getInstance<FastifyInstance>();
    const endpoint = new SubgraphEndpoint(schema, {
      tokens: this.tokens,
      logger: this.logger,
      introspection: this.config.ROOST_ENV !== 'production',
    });
    fastify.post('/graphql', (request, reply) => endpoint.handle(request, reply));
    fastify.get('/graphql/sdl', (_request, reply) =>
      reply.header('cache-control', 'no-cache').type('application/graphql; charset=utf-8').send(sdl),
    );
  }

  override async stop(): Promise<void> {
    // Nothing to do: the routes end with the server.
  }

  #resolvers(): Found[] {
    return this.discovery.getProviders().flatMap(({ instance, metatype }) => {
      const metadata = typeof metatype === 'function' ? metadataOf(metatype) : undefined;
      return metadata && instance ? [{ instance: instance as object, metadata }] : [];
    });
  }

  #protectMutations(schema: GraphQLSchema, batches: BatchLoader): void {
    for (const field of Object.values(schema.getMutationType()?.getFields() ?? {})) {
      const resolve = field.resolve as GraphQLFieldResolver<unknown, GraphqlContext>;
      field.resolve = idempotent(this.keys, async (...args) => {
        const [, , context] = args;
        try {
          return await resolve(...args);
        } finally {
          batches.clear(context);
          context.req.roost.em = null;
        }
      });
    }
  }
}

/** Attaches batched fields and references to the schema: Nest supports resolvers of one parent only. */
function attachBatches(
  schema: GraphQLSchema,
  instance: object,
  { entity, fields, reference }: ResolverMetadata,
  batches: BatchLoader,
): void {
  const type = entity && schema.getType(nameOf(entity) ?? '');
  if (!isObjectType(type)) return;
  for (const field of fields) {
    const edge = field.batched ? type.getFields()[field.name] : undefined;
    if (edge) edge.resolve = batches.edge(instance, field);
  }
  const resolve = reference
    ? batches.reference(instance, reference)
    : entity && isExternalEntity(entity)
      ? externalEntity
      : null;
  // @apollo/subgraph reads `__resolveReference` from here.
  if (resolve)
    type.extensions = { ...type.extensions, apollo: { subgraph: { resolveReference: resolve as never } } };
}

/** The reference of an external entity. Only its owner can check that it exists; its fields authorize by themselves. */
function externalEntity({ id }: { id: unknown }): { id: string } | null {
  const parsed = Uuid.safeParse(id);
  return parsed.success ? { id: parsed.data.toLowerCase() } : null;
}
