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

/** docs/events.md: all topics, their events and the fields of the events, from the contracts. */
export function eventsPage(): string {
  const topics = Map.groupBy(Object.values(events) as EventDefinition[], (event) => event.topic);
  const lines = [
    '# Event catalogue',
    '',
    'Generated from `libs/contracts` by `npm run docs`. Events are CloudEvents 1.0. The key is the id of the aggregate; events with the same key are delivered in order.',
    'A **state** event is the complete public snapshot of its aggregate; a **fact** event describes one occurrence.',
    'Fields marked with ⚠ contain personal data.',
    'The gateway serves the same catalogue as AsyncAPI 3, with the senders and receivers of each event: `/asyncapi.json`.',
  ];
  lines.push(...topicSettings());
  for (const [topic, types] of topics) {
    const [first] = types;
    if (!first) continue;
    const shared = sharedFields(types);
    lines.push('', `## ${topic}`, '', `${capital(first.kind)}, keyed by \`${first.key}\`.`, '');
    lines.push('| field | type |', '| --- | --- |');
    for (const [name, type] of shared) lines.push(row(name, type, first));
    lines.push('', '| event | version | adds |', '| --- | --- | --- |');
    for (const event of types) {
      const own = [...fieldsOf(event)].filter(([name, type]) => shared.get(name) !== type);
      const adds = own.map(([name, type]) => `\`${name}\` ${type}`).join('<br>');
      lines.push(`| \`${event.type}\` | ${event.version} | ${adds} |`);
    }
  }
  return lines.join('\n') + '\n';
}

/** The settings of the topics by kind: `topics apply` creates all topics of a kind with the same settings. */
function topicSettings(): string[] {
  const kinds = Map.groupBy(plannedTopics(), ({ kind }) => kind);
  const rows = [...kinds].map(([kind, [first]]) => {
    const settings = Object.entries(first?.config ?? {}).map(([name, value]) => `\`${name}=${value}\``);
    return `| ${kind} | ${first?.partitions} | ${settings.join('<br>')} |`;
  });
  return [
    ...['', '## Topics in Kafka', ''],
    '`npm run roost -- topics apply` creates the topics with these settings; [Events over Kafka](kafka.md) gives the reasons.',
    'Each service also has a topic `<service>.dead-letter` with copies of the events that it failed to process.',
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
  // A schema with an id is written as a reference to its definition.
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
