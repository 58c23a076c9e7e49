import { SetMetadata } from '@nestjs/common';
import {
  Args as NestArgs,
  Mutation as NestMutation,
  Parent as NestParent,
  Query as NestQuery,
  ResolveField,
  Resolver as NestResolver,
} from '@nestjs/graphql';
import type { z } from 'zod';
import { type AuthUser, INHERITS_ACCESS, type Fits } from '@roost/http';
import { ArgumentPipe, ArgumentsPipe } from './argument-pipe.js';
import { nameOf } from './names.js';
import { argumentsOf, addArgument, resolverMetadata, type ResolverField } from './resolver-metadata.js';

type Returning<T> = <F extends (...args: never[]) => T | Promise<T>>(
  target: object,
  key: string,
  descriptor: TypedPropertyDescriptor<F>,
) => void;

interface FieldOptions {
  description?: string;
}

/** Marks a class with resolvers of root fields and, with `entity`, of fields of this entity. */
export function Resolver(entity?: z.ZodObject): ClassDecorator {
  return (target) => {
    const metadata = resolverMetadata(target);
    metadata.entity = entity ?? null;
    const name = entity && nameOf(entity);
    if (entity && !name) throw new Error(`${target.name} resolves a schema without .meta({ id })`);
    if (name) NestResolver(name)(target);
    else NestResolver()(target);
  };
}

function addField(
  target: object,
  key: string,
  field: Omit<ResolverField, 'name' | 'args'>,
  args = argumentsOf(target, key),
) {
  resolverMetadata(target.constructor).fields.push({ ...field, name: key, args });
}

/** A field of `Query` with the name of the method. */
export function Query<R extends z.ZodType>(returns: R, options: FieldOptions = {}): Returning<z.output<R>> {
  return (target, key, descriptor) => {
    addField(target, key, { kind: 'Query', returns, batched: false, ...options });
    NestQuery(key)(target, key, descriptor);
  };
}

/**
 * A field of `Mutation` with the name of the method. The method returns the result of the use case: it is stored for the
 * `Idempotency-Key` and returned again.
 */
export function Mutation<R extends z.ZodType>(
  returns: R,
  options: FieldOptions = {},
): Returning<z.output<R>> {
  return (target, key, descriptor) => {
    addField(target, key, { kind: 'Mutation', returns, batched: false, ...options });
    NestMutation(key)(target, key, descriptor);
  };
}

/** A field of the entity, resolved per parent. A user who may read the parent may read it, unless it has access decorators. */
export function Edge<R extends z.ZodType>(returns: R, options: FieldOptions = {}): Returning<z.output<R>> {
  return (target, key, descriptor) => {
    addField(target, key, { kind: 'Edge', returns, batched: false, ...options });
    SetMetadata(INHERITS_ACCESS, true)(target, key, descriptor);
    ResolveField(key)(target, key, descriptor);
  };
}

type ArgsOf<A extends Record<string, z.ZodType>> = { [K in keyof A]: z.output<A[K]> };

/**
 * A field of the entity, resolved once for all parents of a request. The method gets the parents and returns the values
 * in the same order. Parents with different arguments are resolved in separate calls.
 */
export function BatchedEdge<R extends z.ZodType, A extends Record<string, z.ZodType> = Record<never, never>>(
  returns: R,
  options: FieldOptions & { args?: A } = {},
) {
  return <
    F extends (
      parents: readonly never[],
      user: AuthUser | null,
      args: ArgsOf<A>,
    ) => Promise<readonly z.output<R>[]>,
  >(
    target: object,
    key: string,
    descriptor: TypedPropertyDescriptor<F>,
  ): void => {
    const { args, ...rest } = options;
    addField(target, key, { kind: 'Edge', returns, batched: true, ...rest }, args ?? {});
    SetMetadata(INHERITS_ACCESS, true)(target, key, descriptor);
  };
}

/**
 * Loads entities by id for the gateway. The method gets all ids of a request at once and returns the entities that exist
 * **and that this user may see**, in any order; all others are null. Like a route, it requires a valid access token
 * unless it has `@OptionalUser()`.
 */
export function Reference<S extends z.ZodObject<{ id: z.ZodType<string> }>>(_entity: S) {
  return <F extends (ids: readonly string[], user: AuthUser) => Promise<readonly z.output<S>[]>>(
    target: object,
    key: string,
    _descriptor: TypedPropertyDescriptor<F>,
  ): void => {
    resolverMetadata(target.constructor).reference = key;
  };
}

/** An argument, validated with a schema. Does not compile if the output of the schema does not fit the parameter. */
export function Arg<S extends z.ZodType>(name: string, schema: S): Fits<S> {
  const decorate = (target: object, key: string, index: number) => {
    addArgument(target, key, name, schema);
    NestArgs(name, new ArgumentPipe(schema, name))(target, key, index);
  };
  return decorate as unknown as Fits<S>;
}

/** Several arguments as one object: `@Args({ first: First, after: After }) page`. */
export function Args<A extends Record<string, z.ZodType>>(schemas: A): Fits<z.ZodType<ArgsOf<A>>> {
  const decorate = (target: object, key: string, index: number) => {
    for (const [name, schema] of Object.entries(schemas).reverse()) addArgument(target, key, name, schema);
    NestArgs(new ArgumentsPipe(schemas))(target, key, index);
  };
  return decorate as unknown as Fits<z.ZodType<ArgsOf<A>>>;
}

/** The entity whose field is resolved. */
export const Parent = (): ParameterDecorator => NestParent();
