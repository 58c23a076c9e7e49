import { parse } from 'graphql';
import { type DocumentLimits, checkDocumentLimits, checkTextLimits } from './limits.js';

const LIMITS: DocumentLimits = {
  maxCharacters: 10_000,
  maxTokens: 2_000,
  maxDepth: 10,
  maxAliases: 5,
  maxRootFields: 4,
  maxFields: 50,
  introspection: false,
};

const check = (text: string, limits: Partial<DocumentLimits> = {}) => {
  checkTextLimits(text, { ...LIMITS, ...limits });
  checkDocumentLimits(parse(text), { ...LIMITS, ...limits });
};
const nested = (depth: number) => `${'{ a '.repeat(depth)}${'}'.repeat(depth)}`;
const many = (count: number, field: (index: number) => string) =>
  `{ x { ${Array.from({ length: count }, (_, i) => field(i)).join(' ')} } }`;

/** Each fragment spreads the next one twice: a short text with 2^n fields. */
const doubling = (count: number) =>
  `{ x { ...F0 } } ${Array.from({ length: count }, (_, i) => `fragment F${i} on X { ...F${i + 1} ...F${i + 1} }`).join(' ')} fragment F${count} on X { a }`;

describe('accepts', () => {
  test.each([
    ['ten fields deep', nested(10)],
    ['five aliases', many(5, (i) => `a${i}: b`)],
    ['four root fields', '{ a b c d }'],
    ['a fragment that is spread twice', '{ x { ...F y { ...F } } } fragment F on X { a }'],
    ['__typename anywhere', '{ __typename x { __typename } }'],
    ['braces in a text', `{ a(text: "${'{'.repeat(100)}") }`],
  ])('%s', (_, text) => {
    expect(() => check(text)).not.toThrow();
  });
});

describe('rejects', () => {
  test.each<[string, string, RegExp]>([
    ['eleven fields deep', nested(11), /deeper than 10/],
    ['nesting that would overflow the stack of the parser', nested(4_000), /more than|deeper than 10/],
    ['depth in fragments', `{ a { ...F } } fragment F on X ${nested(10)}`, /deeper than 10/],
    ['depth of values', `{ a(x: ${'['.repeat(40)}${']'.repeat(40)}) }`, /deeper than 10/],
    [
      'a fragment that spreads itself',
      '{ a { ...F } } fragment F on X { b { ...F } }',
      /spreads itself|deeper/,
    ],
    ['six aliases', many(6, (i) => `a${i}: b`), /more than 5 aliases/],
    ['five root fields', '{ a b c d e }', /more than 4 root fields/],
    ['one field a hundred times', many(100, () => 'a'), /more than 50 fields/],
    ['fragments that double at each level', doubling(20), /more than 50 fields|deeper than 10/],
    [
      'doubling fragments with a missing last one',
      doubling(20).replace(/fragment F20 .*/, ''),
      /more than 50 fields|deeper than 10/,
    ],
    ['a long text', `# ${'x'.repeat(10_000)}\n{ a }`, /more than 10000 characters/],
    ['many tokens', `{ a(x: [${'1 '.repeat(3_000)}]) }`, /more than 2000 tokens/],
    ['two operations', 'query A { a } query B { b }', /one operation/],
    ['no operation', 'fragment F on X { a }', /one operation/],
    ['a subscription', 'subscription { a }', /Subscriptions are not supported/],
    ['introspection', '{ __schema { types { name } } }', /Introspection is disabled/],
    ['introspection of a type', '{ __type(name: "User") { name } }', /Introspection is disabled/],
    [
      'introspection in a fragment',
      '{ ...F } fragment F on Query { __schema { types { name } } }',
      /Introspection/,
    ],
  ])('%s', (_, text, reason) => {
    expect(() => check(text)).toThrow(reason);
  });

  test('rejects doubling fragments within two seconds of CPU time', () => {
    const text = doubling(24);
    const before = process.cpuUsage();
    expect(() => check(text, { maxDepth: 100, maxCharacters: 100_000 })).toThrow(/more than 50 fields/);
    // A complete walk would take minutes.
    expect(process.cpuUsage(before).user).toBeLessThan(2_000_000);
  });
});

test('accepts deep introspection where it is allowed', () => {
  const deep =
    '{ __schema { types { fields { type { ofType { ofType { ofType { ofType { ofType { ofType { ofType { name } } } } } } } } } } } }';
  expect(() => check(deep, { introspection: true })).not.toThrow();
});
