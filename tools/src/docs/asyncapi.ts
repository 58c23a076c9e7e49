import { type EventDefinition, events, type EventType, schemaOf, topicOf, topics } from '@roost/contracts';
import { type PlannedTopic, plannedTopics } from '@roost/messaging';

type Json = Record<string, unknown>;

const INFO = {
  title: 'Roost',
  version: '0.1.0',
  description:
    'The events that the services of Roost publish. Events with the same key are delivered in order, and a consumer processes each event once. Events contain no contact details.',
  license: { name: 'MIT' },
};

const SERVICES = ['identity', 'listings', 'bookings', 'payments', 'reviews'];
const ref = (path: string): Json => ({ $ref: `#/${path}` });
/** Ids in the document contain no dots. */
const idOf = (name: string): string => name.replaceAll('.', '-');
const camel = (name: string): string =>
  name.replace(/[.-](\w)/g, (_, letter: string) => letter.toUpperCase());

/** The AsyncAPI 3 document of all events between services. `consumedTypes`: the event types per consuming service. */
export function asyncApiDocument(consumedTypes: ReadonlyMap<string, ReadonlySet<string>>): string {
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
          ? 'State: each event is the complete public snapshot of its aggregate. The topic is compacted and retained indefinitely.'
          : 'Facts: each event describes one occurrence.',
      messages: Object.fromEntries(messages) as Json,
      bindings: { kafka: binding(planned.get(topic)) },
    };
    operations[camel(`${publisher}.sends.${topic}`)] = operation('send', publisher, topic, types);
    for (const service of SERVICES) {
      const consumed = types.filter((type) => consumedTypes.get(service)?.has(type));
      if (consumed.length === 0) continue;
      operations[camel(`${service}.receives.${topic}`)] = operation('receive', service, topic, consumed);
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

/** The Kafka settings that `topics apply` creates the topic with. */
function binding(topic: PlannedTopic | undefined): Json {
  if (!topic) throw new TypeError('plannedTopics() contains each topic of the contracts');
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
    ce_aggregateversion: { type: 'string', description: 'The version of the aggregate, if it has one' },
    ce_schemaversion: { type: 'string' },
    traceparent: { type: 'string' },
  },
};
