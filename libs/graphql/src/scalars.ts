import { GraphQLError, GraphQLScalarType, Kind } from 'graphql';

const refuse = (message: string) => new GraphQLError(message);

function text(name: string, what: string): GraphQLScalarType {
  const check = (value: unknown): string => {
    if (typeof value === 'string') return value;
    throw refuse(`Must be ${what}`);
  };
  return new GraphQLScalarType<string, string>({
    name,
    serialize: check,
    parseValue: check,
    parseLiteral: (node) => check(node.kind === Kind.STRING ? node.value : undefined),
  });
}

function whole(value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  throw refuse('Must be a whole number');
}

const minor = new GraphQLScalarType<number, number>({
  name: 'Minor',
  serialize: whole,
  parseValue: whole,
  parseLiteral: (node) => whole(node.kind === Kind.INT ? Number(node.value) : undefined),
});

const json = new GraphQLScalarType({ name: 'JSON' });

/** What GraphQL itself lacks. The schemas of the arguments say more precisely what is right. */
export const scalars = {
  Date: { type: text('Date', 'a date, YYYY-MM-DD'), description: 'A calendar date, YYYY-MM-DD' },
  DateTime: { type: text('DateTime', 'an instant, RFC 3339'), description: 'An instant in UTC, RFC 3339' },
  Minor: {
    type: minor,
    description:
      'Money as a whole number of minor units (cents) of the currency beside it; `Int` would end at 21 million',
  },
  JSON: { type: json, description: 'An object whose field names are data' },
} as const;

export type ScalarName = keyof typeof scalars;
