import DataLoader from 'dataloader';
import type { FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { type AccessGuard, type AuthUser, Uuid } from '@roost/http';
import { checkArgument } from './argument-pipe.js';
import type { ResolverField } from './resolver-metadata.js';

export interface GraphqlContext {
  req: FastifyRequest;
}

interface Entity {
  id: string;
}

type Methods = Record<string, (...args: unknown[]) => unknown>;
type Loaders = Map<string, DataLoader<unknown, unknown, unknown>>;

const MAX_BATCH_SIZE = 1_000;

/** Loads references and edges for all parents of a request at once. */
export class BatchLoader {
  readonly #loaders = new WeakMap<FastifyRequest, Loaders>();
  #resolvers = 0;

  constructor(private readonly access: AccessGuard) {}

  /** Discards the loaded values of a request, because a mutation may have changed them. */
  clear({ req }: GraphqlContext): void {
    this.#loaders.delete(req);
  }

  /** The `__resolveReference` of an entity: null if the entity does not exist or the user may not see it. */
  reference(
    resolver: object,
    method: string,
  ): (reference: Entity, context: GraphqlContext) => Promise<unknown> {
    const load = bindMethod(resolver, method);
    const key = this.#nextKey();
    return async ({ id }, context) => {
      this.#authorize(resolver, method, context);
      if (!Uuid.safeParse(id).success) return null;
      const loader = this.#loader(context, key, async (ids: readonly string[]) => {
        const found = (await load(ids, context.req.roost.user)) as readonly Entity[];
        const byId = new Map(found.map((entity) => [entity.id, entity]));
        return ids.map((each) => byId.get(each) ?? null);
      });
      return loader.load(id.toLowerCase());
    };
  }

  /** The resolver of a `@BatchedEdge` field. */
  edge(
    resolver: object,
    field: ResolverField,
  ): (parent: Entity, args: Record<string, unknown>, context: GraphqlContext) => Promise<unknown> {
    const load = bindMethod(resolver, field.name);
    const key = this.#nextKey();
    return async (parent, args, context) => {
      this.#authorize(resolver, field.name, context);
      const checked = checkArguments(field.args, args);
      const loader = this.#loader(
        context,
        `${key}:${JSON.stringify(checked)}`,
        (parents: readonly Entity[]) => load(parents, context.req.roost.user, checked) as Promise<unknown[]>,
        ({ id }) => id,
      );
      return loader.load(parent);
    };
  }

  #authorize(resolver: object, method: string, { req }: GraphqlContext): void {
    this.access.check(
      (resolver as Methods)[method] as object,
      resolver.constructor,
      req.roost.user as AuthUser | null,
    );
  }

  #loader<K>(
    { req }: GraphqlContext,
    key: string,
    load: (keys: readonly K[]) => Promise<unknown[]>,
    cacheKeyFn?: (key: K) => unknown,
  ): DataLoader<K, unknown, unknown> {
    let loaders = this.#loaders.get(req);
    if (!loaders) this.#loaders.set(req, (loaders = new Map()));
    const existing = loaders.get(key) as DataLoader<K, unknown, unknown> | undefined;
    if (existing) return existing;
    const loader = new DataLoader<K, unknown, unknown>(load, {
      maxBatchSize: MAX_BATCH_SIZE,
      ...(cacheKeyFn ? { cacheKeyFn } : {}),
    });
    loaders.set(key, loader as DataLoader<unknown, unknown, unknown>);
    return loader;
  }

  #nextKey(): string {
    this.#resolvers += 1;
    return String(this.#resolvers);
  }
}

function bindMethod(resolver: object, method: string): (...args: unknown[]) => unknown {
  const found = (resolver as Methods)[method];
  if (!found) throw new Error(`${resolver.constructor.name} has no method ${method}`);
  return found.bind(resolver);
}

const checkArguments = (shapes: Record<string, z.ZodType>, args: Record<string, unknown>) =>
  Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => [name, checkArgument(shape, name, args[name])]),
  );
