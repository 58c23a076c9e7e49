import { events, type EventDefinition } from '@roost/contracts';
import { plannedTopics } from '@roost/messaging';
import { z } from 'zod';

interface JsonSchema {
  type?: string | string[];
  format?: string;
  enum?: string[];
  const?: unknown;
  items?: JsonSchema;
  anyOf?: JsonSchema[];
  properties?: Record<string, JsonSchema>;
  required?: string[];
  $ref?: string;
  description?: string;
}

/** docs/events.md: every topic, its events and their bodies, from the contracts. */
export function eventsPage(): string {
  const topics = Map.groupBy(Object.values(events) as EventDefinition[], (event) => event.topic);
  const out = [
    '# The event catalogue',
    '',
    'Made from `libs/contracts` by `npm run docs`. CloudEvents 1.0; the key is the aggregate, and order holds per key.',
    'A **state** event is the whole public snapshot of its aggregate; a **fact** event is something that happened.',
    'Fields marked ⚠ are personal data.',
    'The same for programs, with who sends and who receives what: `/asyncapi.json` of the gateway (AsyncAPI 3).',
  ];
  out.push(...topicSettings());
  for (const [topic, types] of topics) {
    const [first] = types;
    if (!first) continue;
    const shared = sharedFields(types);
    out.push('', `## ${topic}`, '', `${capital(first.kind)}, keyed by \`${first.key}\`.`, '');
    out.push('| field | type |', '| --- | --- |');
    for (const [name, type] of shared) out.push(row(name, type, first));
    out.push('', '| event | version | adds |', '| --- | --- | --- |');
    for (const event of types) {
      const own = [...fieldsOf(event)].filter(([name, type]) => shared.get(name) !== type);
      const adds = own.map(([name, type]) => `\`${name}\` ${type}`).join('<br>');
      out.push(`| \`${event.type}\` | ${event.version} | ${adds} |`);
    }
  }
  return out.join('\n') + '\n';
}

/** What `topics apply` makes, by kind of topic: all of a kind are alike. */
function topicSettings(): string[] {
  const kinds = Map.groupBy(plannedTopics(), ({ kind }) => kind);
  const rows = [...kinds].map(([kind, [first]]) => {
    const settings = Object.entries(first?.config ?? {}).map(([name, value]) => `\`${name}=${value}\``);
    return `| ${kind} | ${first?.partitions} | ${settings.join('<br>')} |`;
  });
  return [
    ...['', '## Topics in Kafka', ''],
    'As `npm run roost -- topics apply` makes them; [events over Kafka](kafka.md) says why. Each service has a topic',
    '`<service>.dead-letter` beside those below, with copies of the events that it could not handle.',
    ...['', '| kind | partitions | settings |', '| --- | --- | --- |', ...rows.toSorted()],
  ];
}

const row = (name: string, type: string, event: EventDefinition): string =>
  `| \`${name}\`${event.personal.includes(name) ? ' ⚠' : ''} | ${type} |`;

function sharedFields(types: EventDefinition[]): Map<string, string> {
  const [first, ...others] = types.map(fieldsOf);
  const shared = new Map(first);
  for (const other of others) {
    for (const [name, type] of shared) if (other.get(name) !== type) shared.delete(name);
  }
  return shared;
}

function fieldsOf(event: EventDefinition): Map<string, string> {
  const document = z.toJSONSchema(event.schema, { io: 'output' }) as JsonSchema & {
    $defs?: Record<string, JsonSchema>;
  };
  // A schema with an id of its own is written as a reference to itself.
  const schema = document.$defs?.[event.type] ?? document;
  const required = new Set(schema.required);
  return new Map(
    Object.entries(schema.properties ?? {}).map(([name, field]) => [
      name,
      describe(field) + (required.has(name) ? '' : ', optional'),
    ]),
  );
}

function describe(field: JsonSchema): string {
  if (field.$ref) return `\`${field.$ref.split('/').at(-1)}\``;
  if (field.anyOf) return field.anyOf.map(describe).join(' or ');
  if (field.enum) return field.enum.map((value) => `\`${value}\``).join(', ');
  if (field.type === 'array') return `list of ${describe(field.items ?? {})}`;
  if (field.type === 'object' && field.properties) return `{ ${Object.keys(field.properties).join(', ')} }`;
  if (field.format) return field.format;
  return [field.type ?? 'any'].flat().join(' or ');
}

const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);
