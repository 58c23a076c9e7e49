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
import { ArgumentPipe } from './argument.pipe.js';
import { nameOf } from './names.js';
import { argumentsOf, noteArgument, noteAt, type ResolverField } from './resolver-metadata.js';

type Returning<T> = <F extends (...args: never[]) => T | Promise<T>>(
  target: object,
  key: string,
  descriptor: TypedPropertyDescriptor<F>,
) => void;

interface FieldOptions {
  description?: string;
}

/** Resolves the root fields that the class holds, and the edges of `entity` if it names one. */
export function Resolver(entity?: z.ZodObject): ClassDecorator {
  return (target) => {
    const metadata = noteAt(target);
    metadata.entity = entity ?? null;
    const name = entity && nameOf(entity);
    if (entity && !name) throw new Error(`${target.name} resolves a shape without .meta({ id })`);
    if (name) NestResolver(name)(target);
    else NestResolver()(target);
  };
}

function note(
  target: object,
  key: string,
  field: Omit<ResolverField, 'name' | 'args'>,
  args = argumentsOf(target, key),
) {
  noteAt(target.constructor).fields.push({ ...field, name: key, args });
}

/** A field of `Query`, named like the method. */
export function Query<R extends z.ZodType>(returns: R, options: FieldOptions = {}): Returning<z.output<R>> {
  return (target, key, descriptor) => {
    note(target, key, { kind: 'Query', returns, batched: false, ...options });
    NestQuery(key)(target, key, descriptor);
  };
}

/**
 * A field of `Mutation`, named like the method. It returns what the use case returned: that is what an
 * `Idempotency-Key` gets again.
 */
export function Mutation<R extends z.ZodType>(
  returns: R,
  options: FieldOptions = {},
): Returning<z.output<R>> {
  return (target, key, descriptor) => {
    note(target, key, { kind: 'Mutation', returns, batched: false, ...options });
    NestMutation(key)(target, key, descriptor);
  };
}

/** A field of the entity, resolved for one parent at a time. Who may see the parent may see it, unless it says more. */
export function Edge<R extends z.ZodType>(returns: R, options: FieldOptions = {}): Returning<z.output<R>> {
  return (target, key, descriptor) => {
    note(target, key, { kind: 'Edge', returns, batched: false, ...options });
    SetMetadata(INHERITS_ACCESS, true)(target, key, descriptor);
    ResolveField(key)(target, key, descriptor);
  };
}

type ArgsOf<A extends Record<string, z.ZodType>> = { [K in keyof A]: z.output<A[K]> };

/**
 * A field of the entity, resolved once for all parents of a request: the method gets the parents and answers in
 * their order. Parents that ask with other arguments come in another call.
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
    note(target, key, { kind: 'Edge', returns, batched: true, ...rest }, args ?? {});
    SetMetadata(INHERITS_ACCESS, true)(target, key, descriptor);
  };
}

/**
 * Loads the entity when the gateway holds its id only: the method gets all ids of a request at once and returns those
 * that exist **and that this user may see**, in any order; the others are null. Like a route, it needs a valid access
 * token unless it says `@OptionalUser()`.
 */
export function Reference<S extends z.ZodObject<{ id: z.ZodType<string> }>>(_entity: S) {
  return <F extends (ids: readonly string[], user: AuthUser) => Promise<readonly z.output<S>[]>>(
    target: object,
    key: string,
    _descriptor: TypedPropertyDescriptor<F>,
  ): void => {
    noteAt(target.constructor).reference = key;
  };
}

/** An argument: named in the schema, checked by its shape; does not compile when it does not fit the parameter. */
export function Arg<S extends z.ZodType>(name: string, schema: S): Fits<S> {
  const decorate = (target: object, key: string, index: number) => {
    noteArgument(target, key, name, schema);
    NestArgs(name, new ArgumentPipe(schema, name))(target, key, index);
  };
  return decorate as unknown as Fits<S>;
}

/** The entity whose edge is resolved. */
export const Parent = (): ParameterDecorator => NestParent();
