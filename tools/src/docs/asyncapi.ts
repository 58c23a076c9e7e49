import { type EventDefinition, events, type EventType, schemaOf, topicOf, topics } from '@roost/contracts';
import { type PlannedTopic, plannedTopics } from '@roost/messaging';

type Json = Record<string, unknown>;

const INFO = {
  title: 'Roost',
  version: '0.1.0',
  description:
    'What the services of Roost tell each other. Order holds per key; a handler sees each event once. No contact details travel.',
  license: { name: 'MIT' },
};

const SERVICES = ['identity', 'listings', 'bookings', 'payments', 'reviews'];
const ref = (path: string): Json => ({ $ref: `#/${path}` });
/** An id of the document has no dots in it. */
const idOf = (name: string): string => name.replaceAll('.', '-');
const camel = (name: string): string =>
  name.replace(/[.-](\w)/g, (_, letter: string) => letter.toUpperCase());

/** The AsyncAPI 3 document of everything that travels between the services; `listeners`: who takes which types. */
export function asyncApiDocument(listeners: ReadonlyMap<string, ReadonlySet<string>>): string {
  const planned = new Map(plannedTopics().map((topic) => [topic.name, topic]));
  const channels: Json = {};
  const operations: Json = {};
  for (const [topic, { kind, key }] of topics) {
    const types = typesOn(topic);
    const messages = types.map((type) => [idOf(type), ref(`components/messages/${idOf(type)}`)]);
    const [publisher = ''] = topic.split('.');
    channels[idOf(topic)] = {
      address: topic,
      title: `${topic}, keyed by ${key}`,
      description:
        kind === 'state'
          ? 'State: each event is the whole public snapshot of its aggregate. Compacted, kept for ever.'
          : 'Facts: each event is something that happened.',
      messages: Object.fromEntries(messages) as Json,
      bindings: { kafka: binding(planned.get(topic)) },
    };
    operations[camel(`${publisher}.sends.${topic}`)] = operation('send', publisher, topic, types);
    for (const service of SERVICES) {
      const taken = types.filter((type) => listeners.get(service)?.has(type));
      if (taken.length === 0) continue;
      operations[camel(`${service}.receives.${topic}`)] = operation('receive', service, topic, taken);
    }
  }
  const definitions = Object.values(events) as EventDefinition[];
  const document = {
    asyncapi: '3.0.0',
    id: 'urn:roost:events',
    info: INFO,
    defaultContentType: 'application/json',
    channels,
    operations,
    components: {
      messages: Object.fromEntries(definitions.map((event) => [idOf(event.type), message(event)])),
      messageTraits: { cloudEvent: { headers: HEADERS } },
    },
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

/** As `topics apply` makes it. */
function binding(topic: PlannedTopic | undefined): Json {
  if (!topic) throw new TypeError('Each topic of the contracts is planned');
  const settings = Object.entries(topic.config).map(([name, value]): [string, unknown] => {
    if (name === 'cleanup.policy') return [name, [value]];
    return [name, /^-?\d+$/.test(value) ? Number(value) : value];
  });
  return {
    partitions: topic.partitions,
    topicConfiguration: Object.fromEntries(settings),
    bindingVersion: '0.5.0',
  };
}

function typesOn(topic: string): EventType[] {
  const [service = ''] = topic.split('.');
  return (Object.keys(events) as EventType[]).filter((type) => topicOf(type, service) === topic);
}

function operation(action: 'send' | 'receive', service: string, topic: string, types: EventType[]): Json {
  const channel = `channels/${idOf(topic)}`;
  return {
    action,
    title: `${service} ${action}s ${topic}`,
    channel: ref(channel),
    tags: [{ name: service }],
    messages: types.map((type) => ref(`${channel}/messages/${idOf(type)}`)),
  };
}

function message({ type, key, version, personal, schema }: EventDefinition): Json {
  return {
    name: type,
    title: type,
    summary: `Version ${version}; the key is \`${key}\`.`,
    ...(personal.length > 0 ? { 'x-personal-data': personal } : {}),
    traits: [ref('components/messageTraits/cloudEvent')],
    payload: {
      schemaFormat: 'application/schema+json;version=draft-07',
      schema: schemaOf(schema, 'output'),
    },
    bindings: { kafka: { key: { type: 'string', format: 'uuid' } } },
  };
}

/** CloudEvents 1.0 in binary mode. */
const HEADERS = {
  type: 'object',
  required: ['ce_specversion', 'ce_id', 'ce_type', 'ce_source', 'ce_subject', 'ce_time', 'ce_schemaversion'],
  properties: {
    ce_specversion: { type: 'string', const: '1.0' },
    ce_id: { type: 'string', format: 'uuid' },
    ce_type: { type: 'string' },
    ce_source: { type: 'string', description: 'The publishing service, such as /bookings' },
    ce_subject: { type: 'string', description: 'The key: the id of the aggregate' },
    ce_time: { type: 'string', format: 'date-time' },
    ce_aggregateversion: { type: 'string', description: 'Of aggregates that have one' },
    ce_schemaversion: { type: 'string' },
    traceparent: { type: 'string' },
  },
};
