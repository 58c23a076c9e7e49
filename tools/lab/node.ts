import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { certificate, issueNodeCertificate, kubeconfigOf, privateKey } from './certificates.js';
import { hasLogged, isRunning, startDaemon, stopDaemon, waitFor } from './daemons.js';
import { type Node } from './host.js';
import { kubectl, tryKubectl } from './kubectl.js';
import { attempt, run } from './run.js';
import { binaries, cache, kubeconfig, network } from './settings.js';

/** A real node: containerd, a kubelet, the rules of Services and the enforcement of network policies. */
export async function startNode(node: Node, images: readonly string[]): Promise<void> {
  for (const name of ['containerd', 'kubelet', 'cni', 'containerd-state']) {
    mkdirSync(join(node.folder, name), { recursive: true });
  }
  mkdirSync(imageStore(node), { recursive: true });
  await issueNodeCertificate(node.name, node.address);
  writeFileSync(join(node.folder, 'containerd.toml'), containerdSettings(node));
  writeFileSync(join(node.folder, 'cni', '10-lab.conflist'), JSON.stringify(podNetwork(node)));
  writeFileSync(join(node.folder, 'kubelet.yaml'), JSON.stringify(kubeletSettings(node)));
  // kube-proxy ends when its settings are written again, also with the same content.
  if (!isRunning(`kube-proxy-${node.name}`))
    writeFileSync(join(node.folder, 'kube-proxy.yaml'), JSON.stringify(proxySettings(node)));
  const { namespace, name } = node;
  startDaemon(`containerd-${name}`, 'containerd', ['-c', join(node.folder, 'containerd.toml')], {
    namespace,
  });
  const containerd = `containerd-${name}`;
  // A kubelet ends if the part that it uses is not started yet, which is the last one.
  const isComplete = async () =>
    hasLogged(containerd, 'Start streaming server') && (await ctr(node, ['version'])).code === 0;
  await waitFor('containerd', isComplete, { daemons: [containerd] });
  await loadImages(node, images);
  startDaemon(
    `kubelet-${name}`,
    join(binaries, 'kubelet'),
    [
      ...['--config', join(node.folder, 'kubelet.yaml'), '--kubeconfig', kubeconfigOf(name)],
      ...['--root-dir', join(node.folder, 'kubelet'), '--cert-dir', join(node.folder, 'kubelet', 'pki')],
      ...['--hostname-override', name, '--node-ip', node.address],
      ...['--node-labels', `topology.kubernetes.io/zone=zone-${node.index}`],
    ],
    { namespace },
  );
  startDaemon(
    `kube-proxy-${name}`,
    join(binaries, 'kube-proxy'),
    ['--config', join(node.folder, 'kube-proxy.yaml')],
    { namespace },
  );
  await waitFor(
    name,
    async () => {
      const answer = await tryKubectl([
        ...['get', 'node', name, '-o'],
        'jsonpath={.spec.podCIDR} {.status.conditions[?(@.type=="Ready")].status}',
      ]);
      if (answer.code === 0 && !answer.stdout.startsWith('10.')) {
        const spec = { podCIDR: node.podRange, podCIDRs: [node.podRange] };
        await kubectl(['patch', 'node', name, '-p', JSON.stringify({ spec })]);
      }
      return answer.stdout.trim().endsWith('True');
    },
    { daemons: [`kubelet-${name}`, `kube-proxy-${name}`], seconds: 240 },
  );
  startDaemon(
    `kube-router-${name}`,
    join(binaries, 'kube-router'),
    [
      ...['--kubeconfig', kubeconfig, '--hostname-override', name],
      ...[
        '--run-firewall=true',
        '--run-router=false',
        '--run-service-proxy=false',
        '--run-loadbalancer=false',
      ],
      ...['--service-cluster-ip-range', network.services, '--iptables-sync-period', '10s'],
      ...['--metrics-port', '0', '--health-port', '20244', '--v', '1'],
    ],
    { namespace, env: { NODE_NAME: name } },
  );
}

/** Kills the pods of a node. The images stay in the cache. */
export async function stopNode(node: Node): Promise<void> {
  const { name } = node;
  for (const daemon of ['kubelet', 'kube-proxy', 'kube-router']) await stopDaemon(`${daemon}-${name}`);
  const listed = await ctr(node, ['-n', 'k8s.io', 'containers', 'list', '-q']).catch(() => undefined);
  if (listed?.code === 0) {
    const containers = listed.stdout.split('\n').filter(Boolean);
    await Promise.all(
      containers.map(async (container) => {
        await ctr(node, ['-n', 'k8s.io', 'tasks', 'rm', '-f', container]);
        await ctr(node, ['-n', 'k8s.io', 'containers', 'rm', container]);
      }),
    );
  }
  await stopDaemon(`containerd-${name}`);
}

const imageStore = (node: Node) => join(cache, 'containerd', node.name);

const ctr = (node: Node, args: readonly string[]) => attempt('ctr', ['-a', node.socket, ...args]);

/** Imports archives that the node does not have yet, or that changed since. */
export async function loadImages(node: Node, archives: readonly string[]): Promise<string[]> {
  const record = join(imageStore(node), 'loaded.json');
  const loaded: Record<string, string> = existsSync(record)
    ? (JSON.parse(readFileSync(record, 'utf8')) as Record<string, string>)
    : {};
  const imported: string[] = [];
  for (const archive of archives) {
    const { mtimeMs, size } = statSync(archive);
    const identity = `${mtimeMs} ${size}`;
    if (loaded[archive] === identity) continue;
    await run('ctr', ['-a', node.socket, '-n', 'k8s.io', 'images', 'import', archive]);
    loaded[archive] = identity;
    writeFileSync(record, JSON.stringify(loaded));
    imported.push(archive);
  }
  return imported;
}

const containerdSettings = (node: Node) => `version = 2
root = "${imageStore(node)}"
state = "${join(node.folder, 'containerd-state')}"
[grpc]
  address = "${node.socket}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "roost.local/pause:1"
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "${join(node.folder, 'cni')}"
`;

const podNetwork = (node: Node) => ({
  cniVersion: '0.4.0',
  name: 'lab',
  plugins: [
    {
      type: 'bridge',
      bridge: 'pods',
      isGateway: true,
      ipMasq: false,
      hairpinMode: true,
      ipam: {
        type: 'host-local',
        ranges: [[{ subnet: node.podRange }]],
        routes: [{ dst: '0.0.0.0/0' }],
        dataDir: join(node.folder, 'addresses'),
      },
    },
  ],
});

const kubeletSettings = (node: Node) => ({
  apiVersion: 'kubelet.config.k8s.io/v1beta1',
  kind: 'KubeletConfiguration',
  failCgroupV1: false,
  cgroupDriver: 'cgroupfs',
  cgroupRoot: node.controlGroup,
  containerRuntimeEndpoint: `unix://${node.socket}`,
  address: node.address,
  failSwapOn: false,
  clusterDomain: 'cluster.local',
  clusterDNS: [network.dns],
  authentication: {
    anonymous: { enabled: false },
    x509: { clientCAFile: certificate('authority') },
    webhook: { enabled: true },
  },
  authorization: { mode: 'Webhook' },
  tlsCertFile: certificate(node.name),
  tlsPrivateKeyFile: privateKey(node.name),
  evictionHard: { 'memory.available': '200Mi', 'nodefs.available': '1%', 'imagefs.available': '1%' },
  imageGCHighThresholdPercent: 99,
  imageGCLowThresholdPercent: 98,
  enforceNodeAllocatable: ['pods'],
  // A kubelet deletes the logs of pods that it does not know, such as those of the other nodes.
  podLogsDir: join(node.folder, 'pod-logs'),
  // The quotas of the file system that it needs are not on every machine.
  localStorageCapacityIsolation: false,
});

const proxySettings = (node: Node) => ({
  apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
  kind: 'KubeProxyConfiguration',
  mode: 'nftables',
  bindAddress: node.address,
  clusterCIDR: network.pods,
  hostnameOverride: node.name,
  clientConnection: { kubeconfig: kubeconfigOf('kube-proxy') },
  conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' },
});
