import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Ajv, type AnySchema } from 'ajv';
import formats from 'ajv-formats';

const file = (path: string) => new URL(`../../../${path}`, import.meta.url);
const json = (path: string) => JSON.parse(readFileSync(file(path), 'utf8')) as Record<string, unknown>;
const require = createRequire(import.meta.url);

interface Message {
  name: string;
  payload: { schema: AnySchema };
}
interface Document {
  channels: Record<string, { address: string; messages: Record<string, unknown> }>;
  operations: Record<string, { action: string; channel: { $ref: string }; messages: { $ref: string }[] }>;
  components: { messages: Record<string, Message> };
}
const released = () => json('apps/gateway/release/asyncapi.json') as unknown as Document;
const document = released();

/** The JSON Schema of AsyncAPI 3.0.0 documents. */
const matchesSpecification = new Ajv({ strict: false, allErrors: true, validateFormats: false }).compile(
  require('@asyncapi/specs/schemas/3.0.0-without-$id.json') as AnySchema,
);

const payloads = new Ajv({ allErrors: true, strict: false });
formats.default(payloads);

function find(pointer: string): unknown {
  return pointer
    .replace('#/', '')
    .split('/')
    .reduce<unknown>((value, step) => (value as Record<string, unknown> | undefined)?.[step], document);
}

function references(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) =>
    name === '$ref' && typeof inner === 'string' ? [inner] : references(inner),
  );
}

test('the document is a valid AsyncAPI document', () => {
  matchesSpecification(document);
  expect(matchesSpecification.errors).toBeNull();
});

test.each<[string, (broken: Document) => void]>([
  ['a channel is not an object', (broken) => Object.assign(broken.channels, { broken: 'text' })],
  [
    'the action of an operation is unknown',
    (broken) => Object.assign(Object.values(broken.operations)[0] ?? {}, { action: 'drop' }),
  ],
  ['the version is missing', (broken) => Object.assign(broken, { asyncapi: undefined })],
])('the document is invalid if %s', (_, damage) => {
  const broken = released();
  damage(broken);
  expect(matchesSpecification(JSON.parse(JSON.stringify(broken)))).toBe(false);
});

test('every reference has a target', () => {
  const all = references(document);
  expect(all.length).toBeGreaterThan(100);
  expect(all.filter((pointer) => find(pointer) === undefined)).toEqual([]);
});

test('each message has a sender, and each receiver receives it from the channel of the sender', () => {
  const messagesOf = (action: string) =>
    Object.values(document.operations)
      .filter((operation) => operation.action === action)
      .flatMap(({ messages }) => messages.map(({ $ref }) => $ref));
  const sent = messagesOf('send');
  expect(new Set(sent.map((pointer) => pointer.split('/').at(-1)))).toEqual(
    new Set(Object.keys(document.components.messages)),
  );
  expect(sent).toEqual(expect.arrayContaining(messagesOf('receive')));
});

test.each(Object.values(document.components.messages))(
  'the schema of $name accepts the fixture, and rejects a missing or wrong field',
  (message) => {
    const isValid = payloads.compile(message.payload.schema);
    const fixture = json(`libs/contracts/fixtures/${message.name}.json`);
    isValid(fixture);
    expect(isValid.errors).toBeNull();
    const [field = ''] = Object.keys(fixture);
    expect(isValid({ ...fixture, [field]: undefined })).toBe(false);
    expect(isValid({ ...fixture, [field]: 7 })).toBe(false);
  },
);
