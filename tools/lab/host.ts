import {
  existsSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { attempt, LabError, run } from './run.js';
import { network, state } from './settings.js';

/**
 * What the lab changes on the machine. Each node has a network namespace of its own, so the packet filter, the routes of
 * pods and the rules of Services are not those of the machine, and disappear with the namespace.
 */

export interface Node {
  index: number;
  name: string;
  address: string;
  podRange: string;
  namespace: string;
  /** The state of containerd and of the kubelet. */
  folder: string;
  socket: string;
  /** The parent of the control groups of its pods. */
  controlGroup: string;
}

export function nodeAt(index: number): Node {
  const name = `node${index}`;
  const folder = join(state, name);
  return {
    index,
    name,
    address: network.host.replace(/\.\d+$/, `.${10 + index}`),
    podRange: network.pods.replace(/\.0\.0\/16$/, `.${index}.0/24`),
    namespace: `roost-lab-${index}`,
    folder,
    socket: join(folder, 'containerd.sock'),
    controlGroup: `/roost-lab/${name}`,
  };
}

/** The settings of the kernel that a kubelet changes. */
const sysctls = [
  ...['vm.overcommit_memory', 'vm.panic_on_oom', 'kernel.panic', 'kernel.panic_on_oops'],
  ...['kernel.keys.root_maxkeys', 'kernel.keys.root_maxbytes'],
];
const before = join(state, 'before.json');
const namespaces = '/run/netns';
const podNamespaces = () =>
  existsSync(namespaces) ? readdirSync(namespaces).filter((name) => name.startsWith('cni-')) : [];

interface Before {
  sysctls: Record<string, string>;
  podNamespaces: string[];
}

/** Fails with one sentence on a machine that can't run pods. */
export async function requireNodeSupport(): Promise<void> {
  if (process.platform !== 'linux') throw new LabError('The lab needs Linux.');
  if (process.getuid?.() !== 0)
    throw new LabError('The lab needs root: it starts containers. Run it with sudo.');
  if (controlGroupFolders().length === 0) {
    throw new LabError('This machine has no control groups at /sys/fs/cgroup, so it can not run pods.');
  }
  const probe = 'roost-lab-probe';
  const added = await attempt('ip', ['netns', 'add', probe]);
  await attempt('ip', ['netns', 'del', probe]);
  if (added.code !== 0) {
    throw new LabError(
      `This machine can not create network namespaces, so it can not run pods: ${added.stderr.trim()}`,
    );
  }
}

export async function prepareHost(nodes: readonly Node[]): Promise<void> {
  mkdirSync(state, { recursive: true });
  if (!existsSync(before)) {
    const values: Record<string, string> = {};
    for (const name of sysctls) values[name] = (await run('sysctl', ['-n', name])).trim();
    writeFileSync(
      before,
      JSON.stringify({ sysctls: values, podNamespaces: podNamespaces() } satisfies Before),
    );
  }
  const { bridge, host, prefixLength, services } = network;
  if (!existsSync(`/sys/class/net/${bridge}`)) {
    await run('ip', ['link', 'add', bridge, 'type', 'bridge']);
    await run('ip', ['address', 'add', `${host}/${prefixLength}`, 'dev', bridge]);
    await run('ip', ['link', 'set', bridge, 'up']);
  }
  for (const node of nodes) {
    if (existsSync(join(namespaces, node.namespace))) continue;
    const inside = (args: string[]) => run('ip', ['-n', node.namespace, ...args]);
    const link = `roost-lab-n${node.index}`;
    await run('ip', ['netns', 'add', node.namespace]);
    await run('ip', [
      ...['link', 'add', link, 'type', 'veth'],
      ...['peer', 'name', 'eth0', 'netns', node.namespace],
    ]);
    await run('ip', ['link', 'set', link, 'master', bridge, 'up']);
    await inside(['link', 'set', 'lo', 'up']);
    await inside(['address', 'add', `${node.address}/${prefixLength}`, 'dev', 'eth0']);
    await inside(['link', 'set', 'eth0', 'up']);
    await inside(['route', 'add', 'default', 'via', host]);
    await run('ip', ['route', 'replace', node.podRange, 'via', node.address]);
    await run('nsenter', [
      `--net=${join(namespaces, node.namespace)}`,
      ...['sysctl', '-qw', 'net.ipv4.ip_forward=1', 'net.ipv4.conf.all.rp_filter=0'],
    ]);
  }
  for (const node of nodes) {
    for (const other of nodes) {
      if (other === node) continue;
      await run('ip', ['-n', node.namespace, 'route', 'replace', other.podRange, 'via', other.address]);
    }
  }
  // The machine reaches Services through the first node.
  if (nodes[0]) await run('ip', ['route', 'replace', services, 'via', nodes[0].address]);
  for (const node of nodes) createControlGroup(node.controlGroup);
}

/** Takes back all that `prepareHost` and the kubelets changed. Processes must have ended. */
export async function restoreHost(): Promise<void> {
  const mounts = readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
    .filter((path) => path.startsWith(`${state}/`));
  for (const path of mounts.reverse()) await run('umount', ['-l', path]);
  const saved = existsSync(before) ? (JSON.parse(readFileSync(before, 'utf8')) as Before) : undefined;
  for (const [name, value] of Object.entries(saved?.sysctls ?? {}))
    await run('sysctl', ['-qw', `${name}=${value}`]);
  if (saved) {
    for (const name of podNamespaces()) {
      if (!saved.podNamespaces.includes(name)) await run('ip', ['netns', 'del', name]);
    }
  }
  for (const name of existsSync(namespaces) ? readdirSync(namespaces) : []) {
    if (name.startsWith('roost-lab-')) await run('ip', ['netns', 'del', name]);
  }
  // The routes to pods and Services go with the bridge.
  if (existsSync(`/sys/class/net/${network.bridge}`)) await run('ip', ['link', 'del', network.bridge]);
  for (const name of existsSync('/sys/class/net') ? readdirSync('/sys/class/net') : []) {
    if (/^roost-lab-n\d$/.test(name)) await removeLink(name);
  }
  // The kubelet links the log of each container from here.
  const links = '/var/log/containers';
  for (const name of existsSync(links) ? readdirSync(links) : []) {
    if (readlinkSync(join(links, name)).startsWith(`${state}/`)) rmSync(join(links, name));
  }
  removeControlGroups();
  rmSync(before, { force: true });
}

/** The kernel removes the link of a deleted namespace itself, a moment later. */
async function removeLink(name: string): Promise<void> {
  const outcome = await attempt('ip', ['link', 'del', name]);
  if (outcome.code !== 0 && existsSync(`/sys/class/net/${name}`))
    throw new LabError(`ip link del ${name} failed: ${outcome.stderr.trim()}`);
}

/** The root of the unified hierarchy, or those of each controller. */
function controlGroupFolders(): string[] {
  const root = '/sys/fs/cgroup';
  if (existsSync(join(root, 'cgroup.controllers'))) return [root];
  return existsSync(root)
    ? readdirSync(root)
        .map((name) => join(root, name))
        .filter((folder) => existsSync(join(folder, 'cgroup.procs')))
    : [];
}

function createControlGroup(path: string): void {
  for (const folder of controlGroupFolders()) {
    const group = join(folder, path);
    mkdirSync(group, { recursive: true });
    // In the first version a group of cpusets starts empty, and no process can enter it.
    for (const level of [join(group, '..'), group]) {
      for (const file of ['cpuset.cpus', 'cpuset.mems']) {
        const inherited = join(level, '..', file);
        if (existsSync(join(level, file)) && existsSync(inherited) && folder.endsWith('cpuset')) {
          writeFileSync(join(level, file), readFileSync(inherited));
        }
      }
    }
  }
}

function removeControlGroups(): void {
  for (const folder of controlGroupFolders()) {
    const groups = globSync('roost-lab/**/', { cwd: folder });
    for (const group of groups.sort((a, b) => b.length - a.length)) rmdirSync(join(folder, group));
  }
}
