import { z } from 'zod';
import { Problem } from '@roost/platform';
import { checkArgument, withoutNulls } from './argument-pipe.js';

describe('null for an omitted value', () => {
  test.each<[string, z.ZodType, unknown, unknown]>([
    ['is removed from an optional field', z.object({ a: z.string().optional() }), { a: null }, {}],
    ['is replaced by the default', z.object({ a: z.int().default(3) }), { a: null }, {}],
    ['stays in a nullable field', z.object({ a: z.string().nullable() }), { a: null }, { a: null }],
    [
      'stays in a field that is nullable and optional',
      z.object({ a: z.string().nullable().optional() }),
      { a: null },
      { a: null },
    ],
    [
      'stays in a required field, where validation rejects it',
      z.object({ a: z.string() }),
      { a: null },
      { a: null },
    ],
    [
      'is removed in nested objects',
      z.object({ a: z.object({ b: z.string().optional() }) }),
      { a: { b: null } },
      { a: {} },
    ],
    ['is removed in lists', z.array(z.object({ a: z.string().optional() })), [{ a: null }], [{}]],
    [
      'is removed in the input of a pipe',
      z.object({ a: z.string().optional() }).pipe(z.any()),
      { a: null },
      {},
    ],
    ['is removed as the whole argument', z.string().optional(), null, undefined],
    ['stays in unknown fields, which validation rejects', z.strictObject({}), { x: null }, { x: null }],
  ])('%s', (_, schema, value, expected) => {
    expect(withoutNulls(schema, value)).toEqual(expected);
  });
});

describe('errors point at the invalid value', () => {
  const errorsOf = (schema: z.ZodType, name: string, value: unknown): unknown => {
    try {
      checkArgument(schema, name, value);
    } catch (error) {
      if (error instanceof Problem) return error.extra.errors;
      throw error;
    }
    return null;
  };
  const Input = z.strictObject({ guests: z.strictObject({ adults: z.int({ error: 'Must be whole' }) }) });

  interface Case {
    name: string;
    schema?: z.ZodType;
    value: unknown;
    errors: unknown;
  }

  test.each<[string, Case]>([
    [
      'in `input`, as in a body',
      {
        name: 'input',
        value: { guests: { adults: 1.5 } },
        errors: [{ pointer: '/guests/adults', detail: 'Must be whole' }],
      },
    ],
    [
      'an unknown field',
      {
        name: 'input',
        value: { guests: { adults: 1 }, isAdmin: true },
        errors: [{ pointer: '/isAdmin', detail: 'Unknown field' }],
      },
    ],
    [
      'a scalar argument, by its name',
      {
        name: 'id',
        schema: z.uuid({ error: 'Must be a UUID' }),
        value: 'x',
        errors: [{ parameter: 'id', detail: 'Must be a UUID' }],
      },
    ],
    [
      'in another object argument, with its name as prefix',
      {
        name: 'filter',
        value: { guests: { adults: 1.5 } },
        errors: [{ pointer: '/filter/guests/adults', detail: 'Must be whole' }],
      },
    ],
    ['no error for a valid value', { name: 'input', value: { guests: { adults: 2 } }, errors: null }],
  ])('%s', (_, { name, schema = Input, value, errors }) => {
    expect(errorsOf(schema, name, value)).toEqual(errors);
  });
});
