import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { installAddons } from './addons.js';
import { build, missingPrograms, packedImages, type Scope } from './build.js';
import { loadCustomResources, startApi, startControllers, startMetricsServer } from './control-plane.js';
import { checkDaemons, daemonNames, isRunning, logs, pidOf, stopDaemon } from './daemons.js';
import { nodeAt, prepareHost, requireNodeSupport, restoreHost } from './host.js';
import { kubectl } from './kubectl.js';
import { loadImages, startNode, stopNode } from './node.js';
import { LabError } from './run.js';
import { cache, imageArchives, kubeconfig, network, state } from './settings.js';

interface Shape {
  scope: Scope;
  nodes: number;
}

const shapeFile = join(state, 'shape.json');

/** What the lab was last started as; undefined if it is down. */
export function currentShape(): Shape | undefined {
  if (!existsSync(shapeFile)) return undefined;
  return JSON.parse(readFileSync(shapeFile, 'utf8')) as Shape;
}

const numbers = (count: number) => Array.from({ length: count }, (_, index) => nodeAt(index + 1));

/**
 * Starts what does not run yet. A running cluster also serves a caller that needs only the API; the custom resources are
 * loaded for that caller only, since no pod uses them.
 */
export async function up(shape: Shape): Promise<void> {
  const current = currentShape();
  if (current) {
    const suffices = current.scope === 'cluster' || shape.scope === 'control-plane';
    if (!suffices) throw new LabError('Only the control plane runs: run `npm run lab -- down` first.');
    if (shape.scope === 'cluster' && shape.nodes < current.nodes) shape = current;
    if (shape.scope === 'control-plane') {
      if (current.scope === 'cluster') return loadCustomResources();
      shape = current;
    }
  }
  if (shape.scope === 'cluster') await requireNodeSupport();
  if (missingPrograms(shape.scope).length > 0) await build(shape.scope);
  const started = performance.now();
  const step = (text: string) =>
    console.log(`${((performance.now() - started) / 1000).toFixed(1).padStart(5)} s  ${text}`);
  mkdirSync(state, { recursive: true });
  writeFileSync(shapeFile, JSON.stringify(shape));
  if (shape.scope === 'control-plane') {
    await startApi('127.0.0.1', false);
    step('etcd and the API server run');
    await loadCustomResources();
    step('the custom resources are loaded');
  } else {
    const nodes = numbers(shape.nodes);
    await prepareHost(nodes);
    await startApi(network.host, true);
    step('etcd and the API server run');
    startControllers();
    await Promise.all([
      installAddons(),
      ...nodes.map(async (node) => {
        await startNode(node, packedImages);
        step(`${node.name} is ready`);
      }),
    ]);
    await Promise.all([
      startMetricsServer().then(() => step('the metrics API answers')),
      kubectl(['-n', 'kube-system', 'rollout', 'status', 'deployment/coredns', '--timeout=240s']).then(() =>
        step('DNS answers'),
      ),
    ]);
  }
  checkDaemons();
  console.log(`\nThe lab is up. Use it with:\n  ${usage()}`);
}

/** Stops everything, and leaves the machine as it was. The cache stays. */
export async function down(): Promise<void> {
  const shape = currentShape();
  if (shape?.scope === 'cluster') await Promise.all(numbers(shape.nodes).map(stopNode));
  for (const name of daemonNames().filter((daemon) => !/^(etcd|kube-apiserver)$/.test(daemon)))
    await stopDaemon(name);
  for (const name of ['kube-apiserver', 'etcd']) await stopDaemon(name);
  if (existsSync(join(state, 'before.json'))) await restoreHost();
  rmSync(state, { recursive: true, force: true });
  console.log('The lab is down.');
}

export async function status(): Promise<void> {
  const shape = currentShape();
  if (!shape) {
    const missing = missingPrograms('cluster');
    console.log('The lab is down. Start it with: npm run lab -- up');
    if (missing.length > 0)
      console.log(`The cache ${cache} lacks: ${missing.join(', ')}. \`up\` builds them.`);
    return;
  }
  for (const name of daemonNames()) console.log(`${name.padEnd(26)} ${pidOf(name) ?? 'ended'}`);
  if (isRunning('kube-apiserver') && shape.scope === 'cluster') {
    console.log(`\n${await kubectl(['get', 'nodes,pods', '--all-namespaces', '-o', 'wide'])}`);
  }
  console.log(`Logs: ${logs}\nUse it with:\n  ${usage()}`);
}

/** Imports image archives into every node; without names those in the cache. */
export async function load(files: readonly string[]): Promise<void> {
  const shape = currentShape();
  if (shape?.scope !== 'cluster') throw new LabError('No cluster runs: run `npm run lab -- up` first.');
  const archives = files.length > 0 ? files : cachedImages();
  if (archives.length === 0)
    throw new LabError(`There are no images in ${imageArchives}: run \`npm run images -- build\`.`);
  for (const node of numbers(shape.nodes)) {
    const imported = await loadImages(node, archives);
    console.log(`${node.name}: ${imported.length} of ${archives.length} archives were new or changed.`);
  }
}

export function cachedImages(): string[] {
  if (!existsSync(imageArchives)) return [];
  return readdirSync(imageArchives)
    .filter((file) => file.endsWith('.tar'))
    .map((file) => join(imageArchives, file));
}

const usage = () =>
  `export KUBECONFIG=${kubeconfig} PATH=${join(cache, 'bin')}:$PATH; kubectl get pods --all-namespaces`;
