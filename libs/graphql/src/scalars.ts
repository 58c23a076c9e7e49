import { GraphQLError, GraphQLScalarType, Kind } from 'graphql';

const invalidValue = (message: string) => new GraphQLError(message);

function textScalar(name: string, expected: string): GraphQLScalarType {
  const check = (value: unknown): string => {
    if (typeof value === 'string') return value;
    throw invalidValue(`Must be ${expected}`);
  };
  return new GraphQLScalarType<string, string>({
    name,
    serialize: check,
    parseValue: check,
    parseLiteral: (node) => check(node.kind === Kind.STRING ? node.value : undefined),
  });
}

function wholeNumber(value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  throw invalidValue('Must be a whole number');
}

const minor = new GraphQLScalarType<number, number>({
  name: 'Minor',
  serialize: wholeNumber,
  parseValue: wholeNumber,
  parseLiteral: (node) => wholeNumber(node.kind === Kind.INT ? Number(node.value) : undefined),
});

const json = new GraphQLScalarType({ name: 'JSON' });

/** The scalars that GraphQL does not define. They check the type only; the zod schemas of arguments check the value. */
export const scalars = {
  Date: { type: textScalar('Date', 'a date, YYYY-MM-DD'), description: 'A calendar date, YYYY-MM-DD.' },
  DateTime: {
    type: textScalar('DateTime', 'an instant, RFC 3339'),
    description: 'An instant in UTC, RFC 3339.',
  },
  Minor: {
    type: minor,
    description:
      'An amount of money as a whole number of minor units (such as cents) of the currency next to it. 64 bits: `Int` ends at about 21 million units.',
  },
  JSON: { type: json, description: 'An object whose field names are data.' },
} as const;

export type ScalarName = keyof typeof scalars;
