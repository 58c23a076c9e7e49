import { Body as NestBody, Param as NestParam, Query as NestQuery } from '@nestjs/common';
import type { z } from 'zod';
import { SchemaPipe } from './schema.pipe.js';

/** Does not compile when the output of the schema does not fit the parameter that it decorates. */
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

/** The JSON body, checked. */
export const Body = <S extends z.ZodType>(schema: S): Fits<S> =>
  fitting<S>(NestBody({ schema, pipes: [new SchemaPipe(schema, 'body')] }));

/** The query string as one object, checked. Give a `z.strictObject`, so that a misspelt parameter is refused. */
export const QueryParams = <S extends z.ZodType>(schema: S): Fits<S> =>
  fitting<S>(NestQuery({ schema, pipes: [new SchemaPipe(schema, 'query')] }));

/** One parameter of the path, checked. */
export const Param = <S extends z.ZodType>(name: string, schema: S): Fits<S> =>
  fitting<S>(NestParam(name, { schema, pipes: [new SchemaPipe(schema, 'path', name)] }));
