import { Body as NestBody, Param as NestParam, Query as NestQuery } from '@nestjs/common';
import { z } from 'zod';
import { SchemaPipe } from './schema-pipe.js';

/** A parameter decorator that does not compile if the output of the schema does not fit the parameter. */
export type Fits<S extends z.ZodType> = <T, K extends keyof T, I extends number>(
  target: T,
  key: T[K] extends (...args: infer P) => unknown
    ? z.output<S> extends P[I]
      ? K
      : { error: 'the schema does not fit this parameter'; schema: z.output<S>; parameter: P[I] }
    : never,
  index: I,
) => void;

const fitting = <S extends z.ZodType>(decorator: ParameterDecorator) => decorator as unknown as Fits<S>;

/** The validated JSON body. */
export const Body = <S extends z.ZodType>(schema: S): Fits<S> =>
  fitting<S>(NestBody({ schema, pipes: [new SchemaPipe(schema, 'body')] }));

/** The validated query string as one object. Use `z.strictObject`, so that an unknown parameter is rejected. */
export const QueryParams = <S extends z.ZodType>(schema: S): Fits<S> =>
  fitting<S>(NestQuery({ schema: withoutId(schema), pipes: [new SchemaPipe(schema, 'query')] }));

/** A schema with an id becomes a `$ref`, which Nest can't expand into one parameter per field. */
const withoutId = <S extends z.ZodType>(schema: S): S => z.clone(schema, schema._zod.def) as S;

/** One validated path parameter. */
export const Param = <S extends z.ZodType>(name: string, schema: S): Fits<S> =>
  fitting<S>(NestParam(name, { schema, pipes: [new SchemaPipe(schema, 'path', name)] }));
