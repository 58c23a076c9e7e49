import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { tryKubectl } from '../kubectl.js';
import { foldersIn, type Manifest, manifestRoot, parse, render, renderWith } from './kustomize.js';

/**
 * The manifests against a real API server with the definitions of all custom resources: unknown fields, wrong types,
 * broken references between labels and what Pod Security refuses. Nothing is created but namespaces.
 */

const textOf = (folder: string) => readFileSync(join(manifestRoot, folder, 'kustomization.yaml'), 'utf8');

/** A component is built only as a part of something else. */
const isKustomization = (folder: string) => /^kind: Kustomization/m.test(textOf(folder));
const overlays = foldersIn('overlays').filter(isKustomization);
const bases = foldersIn('base').filter(isKustomization);

/** What each component is for: the folder that it is added to. */
const hosts: Record<string, string> = {
  'components/cloudnative-pg': 'overlays/production/namespace',
  'components/external-secrets/app': 'base/gateway',
  'components/external-secrets/owner': 'base/bookings',
  'components/gateway-api': 'overlays/local/gateway',
  'components/ingress': 'overlays/local/gateway',
  'components/keda': 'overlays/production/bookings',
  'components/monitoring': 'overlays/local/namespace',
  'components/strimzi/app': 'overlays/production/bookings',
  'components/strimzi/cluster': 'overlays/production/namespace',
};

interface Verdict {
  code: number;
  /** Errors and warnings. */
  messages: string[];
}

/** Asks the API server whether it would accept these objects. Pod Security warns about a template that it would refuse. */
async function validate(manifests: readonly object[]): Promise<Verdict> {
  const answer = await tryKubectl(
    ['apply', '--server-side', '--force-conflicts', '--dry-run=server', '--validate=strict', '-f', '-'],
    { input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items: manifests }) },
  );
  return { code: answer.code, messages: answer.stderr.split('\n').filter(Boolean) };
}

/** Objects are validated in their namespaces, so these are created. Bases have none: they get that of Roost. */
async function inNamespaces(yaml: string): Promise<Manifest[]> {
  const manifests = await parse(yaml);
  const namespaces = manifests.filter(({ kind }) => kind === 'Namespace');
  const restricted = {
    'pod-security.kubernetes.io/enforce': 'restricted',
    'pod-security.kubernetes.io/warn': 'restricted',
  };
  const missing = new Set(['roost', ...manifests.flatMap(({ metadata }) => metadata.namespace ?? [])]);
  for (const { metadata } of namespaces) missing.delete(metadata.name);
  await tryKubectl(['apply', '-f', '-'], {
    input: JSON.stringify({
      apiVersion: 'v1',
      kind: 'List',
      items: [
        ...namespaces,
        ...[...missing].map((name) => ({
          apiVersion: 'v1',
          kind: 'Namespace',
          metadata: { name, labels: restricted },
        })),
      ],
    }),
  });
  return manifests
    .filter(({ kind }) => kind !== 'Namespace')
    .map((manifest) => ({ ...manifest, metadata: { namespace: 'roost', ...manifest.metadata } }));
}

test('there are overlays, and each component is in the table of this file', () => {
  expect(overlays).toEqual(
    expect.arrayContaining(['overlays/local', 'overlays/staging', 'overlays/production']),
  );
  expect(foldersIn('components').filter((folder) => !isKustomization(folder))).toEqual(
    Object.keys(hosts).toSorted(),
  );
});

test.each([...bases, ...overlays])('%s is valid', async (folder) => {
  const manifests = await inNamespaces(await render(folder));
  expect(await validate(manifests)).toEqual({ code: 0, messages: [] });
});

test.each(Object.entries(hosts))('%s is valid on %s', async (component, host) => {
  const manifests = await inNamespaces(await renderWith(host, component));
  expect(await validate(manifests)).toEqual({ code: 0, messages: [] });
});

describe('mistakes', () => {
  let valid: Manifest[];

  beforeAll(async () => {
    const rendered = [
      await render('overlays/local'),
      await render('overlays/production'),
      ...(await Promise.all(Object.entries(hosts).map(([component, host]) => renderWith(host, component)))),
    ];
    valid = (await Promise.all(rendered.map(inNamespaces))).flat();
  });

  function one(kind: string, name?: string): Manifest {
    const found = valid.find(
      (manifest) => manifest.kind === kind && (!name || manifest.metadata.name === name),
    );
    if (!found) throw new Error(`No overlay has a ${kind}`);
    return structuredClone(found);
  }

  test('an unknown field is refused in every kind of object', async () => {
    const kinds = [...new Set(valid.map(({ kind }) => kind))];
    const accepted: string[] = [];
    for (const kind of kinds) {
      const broken = one(kind);
      const target = broken.spec ?? (broken as unknown as Record<string, unknown>);
      target.plantedField = true;
      const { code, messages } = await validate([broken]);
      if (code === 0 || !/plantedField|unknown field|field not declared/.test(messages.join()))
        accepted.push(kind);
    }
    expect({ kinds: kinds.length > 10, accepted }).toEqual({ kinds: true, accepted: [] });
  });

  type Change = (manifest: Manifest) => void;
  const at = (manifest: Manifest, path: string): Record<string, unknown> =>
    path
      .split('.')
      .reduce<unknown>((value, key) => (value as Record<string, unknown>)[key], manifest) as Record<
      string,
      unknown
    >;
  const pod = 'spec.template.spec';
  const container = `${pod}.containers.0`;

  test.each<[string, string, Change, RegExp]>([
    [
      'a port that is no number',
      'Deployment',
      (m) => (at(m, `${container}.ports.0`).containerPort = 'abc'),
      /containerPort/,
    ],
    [
      'a selector that selects other pods',
      'Deployment',
      (m) => (at(m, 'spec.selector').matchLabels = { app: 'x' }),
      /selector/,
    ],
    [
      'an amount of memory that is none',
      'Deployment',
      (m) => (at(m, `${container}.resources.limits`).memory = '384Mb'),
      /quantity|quantities|memory/,
    ],
    [
      'a probe of a port without that name',
      'Deployment',
      (m) => (at(m, `${container}.readinessProbe.httpGet`).port = 'no name'),
      /port/,
    ],
    [
      'a volume that does not exist',
      'Deployment',
      (m) => (at(m, `${container}.volumeMounts.0`).name = 'none'),
      /volumeMounts/,
    ],
    [
      'a policy with an unknown protocol',
      'NetworkPolicy',
      plantInPolicy((port) => (port.protocol = 'HTTP')),
      /protocol/,
    ],
    [
      'a policy with a port out of range',
      'NetworkPolicy',
      plantInPolicy((port) => (port.port = 70_000)),
      /port/,
    ],
    [
      'a policy for a type that does not exist',
      'NetworkPolicy',
      (m) => (at(m, 'spec').policyTypes = ['Inbound']),
      /policyTypes/,
    ],
    [
      'a budget with both limits',
      'PodDisruptionBudget',
      (m) => Object.assign(at(m, 'spec'), { minAvailable: 1, maxUnavailable: 1 }),
      /minAvailable|maxUnavailable/,
    ],
    [
      'an autoscaler with more at least than at most',
      'HorizontalPodAutoscaler',
      (m) => (at(m, 'spec').minReplicas = 99),
      /maxReplicas/,
    ],
    ['a job that restarts for ever', 'Job', (m) => (at(m, pod).restartPolicy = 'Always'), /restartPolicy/],
    ['a service with a port out of range', 'Service', (m) => (at(m, 'spec.ports.0').port = 0), /port/],
  ])('refuses %s', async (_what, kind, change, reason) => {
    const candidates = valid.filter((manifest) => manifest.kind === kind);
    const broken = structuredClone(candidates.find((manifest) => tryChange(change, manifest)) ?? one(kind));
    change(broken);
    const { code, messages } = await validate([broken]);
    expect({ code, messages: messages.join('\n') }).toEqual({
      code: 1,
      messages: expect.stringMatching(reason),
    });
  });

  function tryChange(change: Change, manifest: Manifest): boolean {
    try {
      change(structuredClone(manifest));
      return true;
    } catch {
      // This object has no such field.
      return false;
    }
  }

  function plantInPolicy(change: (port: Record<string, unknown>) => void): Change {
    return (manifest) => {
      const rules = [at(manifest, 'spec').ingress, at(manifest, 'spec').egress].flatMap((list) => list ?? []);
      const port = (rules as { ports?: Record<string, unknown>[] }[]).find(({ ports }) => ports?.[0])
        ?.ports?.[0];
      if (!port) throw new Error('The policy has no port');
      change(port);
    };
  }

  test.each<[string, Change]>([
    ['privilege escalation', (m) => delete at(m, `${container}.securityContext`).allowPrivilegeEscalation],
    ['capabilities', (m) => delete at(m, `${container}.securityContext`).capabilities],
    ['root', (m) => Object.assign(at(m, `${pod}.securityContext`), { runAsNonRoot: false, runAsUser: 0 })],
    ['no seccomp profile', (m) => delete at(m, `${pod}.securityContext`).seccompProfile],
    ['no security context at all', (m) => delete at(m, pod).securityContext],
    [
      'a folder of the node',
      (m) =>
        (at(m, pod).volumes = [
          { name: 'tmp', hostPath: { path: '/' } },
          { name: 'secrets', hostPath: { path: '/' } },
        ]),
    ],
    ['the network of the node', (m) => (at(m, pod).hostNetwork = true)],
  ])('Pod Security refuses a pod with %s', async (_what, change) => {
    const deployment = one('Deployment', 'bookings');
    change(deployment);
    expect((await validate([deployment])).messages.join('\n')).toMatch(
      /would violate PodSecurity "restricted/,
    );
    const template = at(deployment, 'spec.template');
    const metadata = { ...(template.metadata as object), name: 'planted', namespace: 'roost' };
    const serviceAccount = {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: 'bookings', namespace: 'roost' },
    };
    await tryKubectl(['apply', '-f', '-'], { input: JSON.stringify(serviceAccount) });
    const verdict = await validate([{ apiVersion: 'v1', kind: 'Pod', metadata, spec: template.spec }]);
    expect({ ...verdict, messages: verdict.messages.join('\n') }).toEqual({
      code: 1,
      messages: expect.stringMatching(/violates PodSecurity "restricted/),
    });
  });

  test('the same pod without a mistake is accepted', async () => {
    const template = at(one('Deployment', 'bookings'), 'spec.template');
    const metadata = { ...(template.metadata as object), name: 'planted', namespace: 'roost' };
    const serviceAccount = {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: 'bookings', namespace: 'roost' },
    };
    await tryKubectl(['apply', '-f', '-'], { input: JSON.stringify(serviceAccount) });
    expect(await validate([{ apiVersion: 'v1', kind: 'Pod', metadata, spec: template.spec }])).toEqual({
      code: 0,
      messages: [],
    });
  });
});
