import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';

/** A connection that the policies allow. `from` and `to`: an app, a server in the cluster, or one of `OUTSIDE`. */
export interface Arrow {
  from: string;
  to: string;
  port: number;
  why: string;
}

type Peer = Readonly<Record<string, unknown>>;

const NAME = 'app.kubernetes.io/name';
const podsNamed = (name: string) => ({ matchLabels: { [NAME]: name } });
/** Whoever may label namespaces selects these: their names differ from cluster to cluster. */
const namespacesWith = (label: string): Peer => ({
  namespaceSelector: { matchLabels: { [`roost/${label}`]: 'allowed' } },
});

/** The peers that are not in Roost's namespace. */
const OUTSIDE: Readonly<Record<string, { peer: readonly Peer[]; meaning: string }>> = {
  ingress: {
    peer: [namespacesWith('ingress')],
    meaning:
      'pods of the namespaces with the label `roost/ingress=allowed`: your Gateway or Ingress controller',
  },
  prometheus: {
    peer: [namespacesWith('monitoring')],
    meaning: 'pods of the namespaces with the label `roost/monitoring=allowed`',
  },
  collector: {
    peer: [namespacesWith('monitoring')],
    meaning: 'an OTLP collector in the namespaces with the label `roost/monitoring=allowed`',
  },
  internet: {
    peer: [
      {
        ipBlock: {
          cidr: '0.0.0.0/0',
          except: [
            '10.0.0.0/8',
            '100.64.0.0/10',
            '127.0.0.0/8',
            '169.254.0.0/16',
            '172.16.0.0/12',
            '192.168.0.0/16',
          ],
        },
      },
      { ipBlock: { cidr: '::/0', except: ['::1/128', 'fc00::/7', 'fe80::/10'] } },
    ],
    meaning: 'every address that is not private, link-local or loopback',
  },
};

/** They run in Roost's namespace only in the local overlay. */
const LOCAL_SERVERS = ['postgres', 'redis', 'kafka', 'mailpit', 'versitygw'];
/** Deployed only for development, so its folder also has the policies of its peers. */
const SANDBOX = 'sandbox';
const JOB = '-migrate';

export function readArrows(): Arrow[] {
  return JSON.parse(
    readFileSync(fileURLToPath(new URL('../../../k8s/arrows.json', import.meta.url)), 'utf8'),
  ) as Arrow[];
}

/** The NetworkPolicies and their page, by path. */
export function networkPages(arrows: readonly Arrow[] = readArrows()): Map<string, string> {
  const pods = [...new Set(arrows.flatMap(({ from, to }) => [from, to]))].filter(
    (name) => !(name in OUTSIDE),
  );
  const files = new Map<string, object[]>();
  for (const pod of pods) {
    const own = arrows.filter(({ from, to }) => from === pod || to === pod);
    const always = own.filter(({ from, to }) => pod === SANDBOX || (from !== SANDBOX && to !== SANDBOX));
    add(files, fileOf(pod), policy(pod, pod, always));
    const optional = own.filter((arrow) => !always.includes(arrow));
    if (optional.length > 0) add(files, fileOf(SANDBOX), policy(`${pod}-${SANDBOX}`, pod, optional));
  }
  return new Map([
    ...[...files].map(([path, policies]) => [path, yamlFile(policies)] as const),
    ['docs/network.md', page(arrows)],
  ]);
}

function fileOf(pod: string): string {
  if (LOCAL_SERVERS.includes(pod)) return 'k8s/overlays/local/infrastructure/network-policies.yaml';
  return `k8s/base/${pod.endsWith(JOB) ? pod.slice(0, -JOB.length) : pod}/network-policies.yaml`;
}

function add(files: Map<string, object[]>, path: string, item: object): void {
  files.set(path, [...(files.get(path) ?? []), item]);
}

function policy(name: string, pod: string, arrows: readonly Arrow[]): object {
  const incoming = arrows.filter(({ to }) => to === pod);
  const outgoing = arrows.filter(({ from }) => from === pod);
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name, labels: { [NAME]: pod, 'app.kubernetes.io/part-of': 'roost' } },
    spec: {
      podSelector: podsNamed(pod),
      policyTypes: ['Ingress', 'Egress'],
      ...(incoming.length === 0 ? {} : { ingress: rules(incoming, 'from') }),
      ...(outgoing.length === 0 ? {} : { egress: rules(outgoing, 'to') }),
    },
  };
}

/** One rule per set of ports, with all peers that have exactly these. */
function rules(arrows: readonly Arrow[], side: 'from' | 'to'): object[] {
  const ports = new Map<string, Set<number>>();
  for (const arrow of arrows) ports.set(arrow[side], (ports.get(arrow[side]) ?? new Set()).add(arrow.port));
  const grouped = Map.groupBy(ports, ([, numbers]) => [...numbers].toSorted((a, b) => a - b).join());
  return [...grouped].map(([key, peers]) => ({
    [side]: peers.flatMap(([name]) => OUTSIDE[name]?.peer ?? [{ podSelector: podsNamed(name) }]),
    ports: key.split(',').map((port) => ({ protocol: 'TCP', port: Number(port) })),
  }));
}

function yamlFile(documents: readonly object[]): string {
  const header = '# Generated from k8s/arrows.json by "npm run docs".\n';
  return (
    header + documents.map((document) => stringify(document, { aliasDuplicateObjects: false })).join('---\n')
  );
}

function page(arrows: readonly Arrow[]): string {
  const rows = arrows.map(({ from, to, port, why }) => `| ${from} | ${to} | ${port} | ${why} |`);
  const outside = Object.entries(OUTSIDE).map(([name, { meaning }]) => `| ${name} | ${meaning} |`);
  return `# Who may connect to whom

Generated from \`k8s/arrows.json\` by \`npm run docs\`, like the NetworkPolicies in \`k8s/base/*/network-policies.yaml\`. In the
namespace everything else is denied, in both directions; each pod may ask the DNS of the cluster.

| from | to | port | for |
| --- | --- | --- | --- |
${rows.join('\n')}

A name is the label \`app.kubernetes.io/name\` of pods in the same namespace, except:

| name | is |
| --- | --- |
${outside.join('\n')}

A server of yours that is not in the namespace (PostgreSQL, Redis, Kafka at a private address) needs one more policy with its
addresses: \`k8s/overlays/production/namespace/servers.yaml\`.
`;
}
