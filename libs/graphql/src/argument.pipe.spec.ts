import { z } from 'zod';
import { Problem } from '@roost/platform';
import { checkArgument, withoutNulls } from './argument.pipe.js';

describe('null where a client leaves something out', () => {
  test.each<[string, z.ZodType, unknown, unknown]>([
    ['is missing where a field is optional', z.object({ a: z.string().optional() }), { a: null }, {}],
    ['is the default where there is one', z.object({ a: z.int().default(3) }), { a: null }, {}],
    ['stays where null means something', z.object({ a: z.string().nullable() }), { a: null }, { a: null }],
    [
      'stays where it may be left out or null',
      z.object({ a: z.string().nullable().optional() }),
      { a: null },
      { a: null },
    ],
    [
      'stays, to be refused, where there must be a value',
      z.object({ a: z.string() }),
      { a: null },
      { a: null },
    ],
    [
      'in objects of objects',
      z.object({ a: z.object({ b: z.string().optional() }) }),
      { a: { b: null } },
      { a: {} },
    ],
    ['in lists', z.array(z.object({ a: z.string().optional() })), [{ a: null }], [{}]],
    ['in what a pipe takes', z.object({ a: z.string().optional() }).pipe(z.any()), { a: null }, {}],
    ['as the whole argument', z.string().optional(), null, undefined],
    ['leaves unknown fields to be refused', z.strictObject({}), { x: null }, { x: null }],
  ])('%s', (_, schema, value, expected) => {
    expect(withoutNulls(schema, value)).toEqual(expected);
  });
});

describe('what is wrong is pointed at', () => {
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

  test.each<[string, z.ZodType, string, unknown, unknown]>([
    [
      'in `input` as in a body',
      Input,
      'input',
      { guests: { adults: 1.5 } },
      [{ pointer: '/guests/adults', detail: 'Must be whole' }],
    ],
    [
      'a field that nobody knows',
      Input,
      'input',
      { guests: { adults: 1 }, isAdmin: true },
      [{ pointer: '/isAdmin', detail: 'Unknown field' }],
    ],
    [
      'a simple argument by its name',
      z.uuid({ error: 'Must be a UUID' }),
      'id',
      'x',
      [{ parameter: 'id', detail: 'Must be a UUID' }],
    ],
    [
      'inside another argument with its name in front',
      Input,
      'filter',
      { guests: { adults: 1.5 } },
      [{ pointer: '/filter/guests/adults', detail: 'Must be whole' }],
    ],
    ['nothing where nothing is wrong', Input, 'input', { guests: { adults: 2 } }, null],
  ])('%s', (_, schema, name, value, errors) => {
    expect(errorsOf(schema, name, value)).toEqual(errors);
  });
});
