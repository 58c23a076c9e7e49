import { isEventType, topicsBy, topicsWith } from '@roost/contracts';
import { plannedTopics } from '@roost/messaging';
import { stringify } from 'yaml';

const CLUSTER = { 'strimzi.io/cluster': 'roost', 'app.kubernetes.io/part-of': 'roost' };
const REPLICAS = 3;

/** The topics and users of Kafka for Strimzi, by path. `consumedTypes`: the event types per consuming service. */
export function strimziPages(consumedTypes: ReadonlyMap<string, ReadonlySet<string>>): Map<string, string> {
  return new Map([
    ['k8s/components/strimzi/cluster/topics.yaml', yamlFile(plannedTopics().map(topic))],
    [
      'k8s/components/strimzi/cluster/users.yaml',
      yamlFile([...[...consumedTypes].map(([service, types]) => serviceUser(service, types)), operator()]),
    ],
  ]);
}

function topic({ name, partitions, config }: ReturnType<typeof plannedTopics>[number]): object {
  return {
    apiVersion: 'kafka.strimzi.io/v1',
    kind: 'KafkaTopic',
    metadata: { name, labels: CLUSTER },
    spec: {
      partitions,
      replicas: REPLICAS,
      // With three replicas, two have an event before it is acknowledged.
      config: { ...config, 'min.insync.replicas': String(REPLICAS - 1) },
    },
  };
}

interface Acl {
  resource: { type: 'topic' | 'group'; name: string; patternType: 'literal' | 'prefix' };
  operations: string[];
}

/** A service reads the topics that it handles, and writes only its own. */
function serviceUser(service: string, types: ReadonlySet<string>): object {
  const read = new Set([...types].filter(isEventType).flatMap(topicsWith));
  const written = new Set([...topicsBy(service), `${service}.dead-letter`]);
  const topics = [...read.union(written)].toSorted();
  return user(service, [
    ...topics.map((name): Acl => ({
      resource: { type: 'topic', name, patternType: 'literal' },
      operations: ['Describe', ...(read.has(name) ? ['Read'] : []), ...(written.has(name) ? ['Write'] : [])],
    })),
    { resource: { type: 'group', name: service, patternType: 'literal' }, operations: ['Describe', 'Read'] },
  ]);
}

/** For "npm run roost": reads every topic and every offset, writes nothing. */
function operator(): object {
  return user('operator', [
    {
      resource: { type: 'topic', name: '*', patternType: 'literal' },
      operations: ['Describe', 'DescribeConfigs', 'Read'],
    },
    { resource: { type: 'group', name: '*', patternType: 'literal' }, operations: ['Describe'] },
    {
      resource: { type: 'group', name: 'roost-operator-', patternType: 'prefix' },
      operations: ['Read', 'Delete'],
    },
  ]);
}

/** Strimzi stores the password in a Secret with the name of the user; the Secret of the app has its name without "kafka-". */
function user(name: string, acls: readonly Acl[]): object {
  return {
    apiVersion: 'kafka.strimzi.io/v1',
    kind: 'KafkaUser',
    metadata: { name: `kafka-${name}`, labels: CLUSTER },
    spec: {
      authentication: { type: 'scram-sha-512' },
      authorization: { type: 'simple', acls: acls.map((acl) => ({ ...acl, host: '*' })) },
    },
  };
}

function yamlFile(documents: readonly object[]): string {
  const header = '# Generated from libs/contracts by "npm run docs".\n';
  return (
    header + documents.map((document) => stringify(document, { aliasDuplicateObjects: false })).join('---\n')
  );
}
