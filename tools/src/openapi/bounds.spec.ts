import { releasedDocument } from '@roost/app-gateway/release';

interface Schema {
  $ref?: string;
  type?: string;
  properties?: Record<string, Schema>;
  items?: Schema;
  [keyword: string]: unknown;
}

const { paths, components } = (await releasedDocument()) as unknown as {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
};

interface Operation {
  parameters?: { name: string; in: string; schema: Schema }[];
  requestBody?: { content: Record<string, { schema: Schema }> };
}

const NUMBER = ['minimum', 'maximum'];
/** One of these bounds a text. */
const TEXT = ['enum', 'format', 'pattern', 'maxLength'];

/** The inputs below a schema that no keyword bounds, by their place. */
function unbounded(schema: Schema, place: string, within: readonly string[] = []): string[] {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.slice(schema.$ref.lastIndexOf('/') + 1);
    const target = components.schemas[name];
    return !target || within.includes(name) ? [] : unbounded(target, place, [...within, name]);
  }
  const parts = ['allOf', 'anyOf', 'oneOf'].flatMap((keyword) => (schema[keyword] ?? []) as Schema[]);
  const below = [
    ...parts.flatMap((part) => unbounded(part, place, within)),
    ...Object.entries(schema.properties ?? {}).flatMap(([name, field]) =>
      unbounded(field, `${place}/${name}`, within),
    ),
    ...(schema.items ? unbounded(schema.items, `${place}/-`, within) : []),
  ];
  return isBounded(schema) ? below : [place, ...below];
}

function isBounded(schema: Schema): boolean {
  if (schema.type === 'integer' || schema.type === 'number') return NUMBER.every((name) => name in schema);
  if (schema.type === 'string') return TEXT.some((name) => name in schema);
  return schema.type !== 'array' || 'maxItems' in schema;
}

const inputs = Object.entries(paths).flatMap(([path, methods]) =>
  Object.entries(methods).flatMap(([method, { parameters = [], requestBody }]) => [
    // The server bounds the headers of a request together.
    ...parameters
      .filter((parameter) => parameter.in !== 'header')
      .map(({ name, schema }) => ({ place: `${method} ${path}?${name}`, schema })),
    ...Object.values(requestBody?.content ?? {}).map(({ schema }) => ({
      place: `${method} ${path} `,
      schema,
    })),
  ]),
);

test('every text, number and list of a request has a bound', () => {
  expect(inputs.length).toBeGreaterThan(100);
  expect(inputs.flatMap(({ place, schema }) => unbounded(schema, place))).toEqual([]);
});

test.each([
  ['AdminCancel', 'refundMinor', { maximum: Number.MAX_SAFE_INTEGER }],
  [
    'CreateListingInput',
    'cancellationPolicy',
    { enum: expect.arrayContaining(['moderate', null]) as unknown },
  ],
  ['CreateListingInput', 'currency', { enum: expect.arrayContaining(['EUR', null]) as unknown }],
  ['CreateListingInput', 'amenities', { uniqueItems: true }],
  ['EditListingInput', 'title', { pattern: '^[^\\u0000-\\u001f\\u007f-\\u009f]*$' }],
  ['WriteReviewInput', 'text', { minLength: 1, maxLength: 5000 }],
  ['SendMessage', 'text', { minLength: 1, maxLength: 4000 }],
  ['PriceRulesInput', 'weekendDays', { uniqueItems: true }],
])('%s shows the bounds of %s', (name, field, bounds) => {
  expect(components.schemas[name]?.properties?.[field]).toMatchObject(bounds);
});
