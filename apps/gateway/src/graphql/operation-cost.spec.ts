import { buildSchema, parse } from 'graphql';
import { costOf } from './operation-cost.js';

const schema = buildSchema(`
  type Query { house: House  houses(first: Int = 20, after: String): Houses  tags: [Tag!]! }
  type House { id: ID!  name: String  owner: Person  reviews(first: Int = 20): Reviews  photos: [Photo!]! }
  type Houses { edges: [HouseEdge!]!  pageInfo: PageInfo! }
  type HouseEdge { cursor: String  node: House! }
  type Reviews { edges: [ReviewEdge!]! }
  type ReviewEdge { node: Review! }
  type Review { id: ID!  author: Person }
  type Person { id: ID!  name: String }
  type Photo { url: String }
  type Tag { name: String }
  type PageInfo { hasNextPage: Boolean }
`);

test.each<[string, string, number]>([
  ['a field and its fields', '{ house { id name } }', 3],
  ['a nested object', '{ house { owner { name } } }', 3],
  ['a list without `first` counts ten', '{ tags { name } }', 1 + 10],
  ['__typename is free', '{ __typename house { __typename id } }', 2],
  // houses, edges, then node and id for each of five; pageInfo and its field
  [
    'a page of five',
    '{ houses(first: 5) { edges { node { id } } pageInfo { hasNextPage } } }',
    1 + (1 + 5 * 2) + 2,
  ],
  ['a page with the default of twenty', '{ houses { edges { node { id } } } }', 1 + (1 + 20 * 2)],
  // reviews of a house: reviews, edges, then node and id for each of ten
  [
    'a page in a page',
    '{ houses(first: 5) { edges { node { reviews(first: 10) { edges { node { id } } } } } } }',
    1 + (1 + 5 * (1 + 1 + (1 + 10 * 2))),
  ],
  [
    'a fragment, each time it is spread',
    '{ house { ...F owner { id } } h: house { ...F } } fragment F on House { id name }',
    3 + 2 + 3,
  ],
  ['an inline fragment', '{ house { ... on House { id } } }', 2],
])('%s', (_, text, cost) => {
  expect(costOf(schema, parse(text), {})).toBe(cost);
});

test('a page whose length is a variable', () => {
  const document = parse('query ($n: Int) { houses(first: $n) { edges { node { id } } } }');
  expect(costOf(schema, document, { n: 100 })).toBe(1 + (1 + 100 * 2));
  expect(costOf(schema, document, {})).toBe(1 + (1 + 20 * 2));
});
