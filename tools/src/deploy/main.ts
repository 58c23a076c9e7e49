import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { deploy, DeploymentFailed, undo } from './deployment.js';
import { Kubectl, kubectl } from './kubectl.js';
import { parseManifests, withImages } from './manifests.js';

const HELP = `Deploys a version to the cluster of KUBECONFIG: settings and policies, then the jobs for topics and migrations, then the
services, then the smoke tour. If a job fails, nothing is rolled out. If a service does not become available or the tour
fails, the previous version is restored. The exit code is 1 in both cases.

  npm run deploy -- --overlay DIRECTORY [options]

  npm run deploy -- --overlay k8s/overlays/production --tag 1.4.0 --url https://api.example.com
  npm run deploy -- --overlay k8s/overlays/production/bookings --overlay k8s/overlays/production/payments --tag 1.4.0

  --overlay DIRECTORY   a kustomization, such as k8s/overlays/staging, or the folder of one service in it; may be repeated
  --url URL             the gateway, as clients use it: the smoke tour runs against it
  --tag TAG             the tag of the images, instead of those of the overlay
  --registry PREFIX     the registry of the images, such as ghcr.io/example/roost
  --digests JSON        their digests: {"bookings":"sha256:…"}
  --undo                restores the previous version of each service of the overlay; changes no table
  --print               prints the objects and changes nothing
  --help                print this help

Environment: KUBECONFIG, and KUBECTL, the path of kubectl (1.36 or newer).
docs/deployment.md describes an installation, docs/release.md the whole way of a release.`;

const root = fileURLToPath(new URL('../../../', import.meta.url));
const Digests = z.record(z.string(), z.string().regex(/^sha256:[\da-f]{64}$/));

const { values } = parseArgs({
  options: {
    overlay: { type: 'string', multiple: true, default: [] },
    url: { type: 'string' },
    tag: { type: 'string' },
    registry: { type: 'string' },
    digests: { type: 'string' },
    undo: { type: 'boolean', default: false },
    print: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) console.log(HELP);
else process.exitCode = await main();

async function main(): Promise<number> {
  const { overlay: overlays, url, tag, registry, digests: given } = values;
  if (overlays.length === 0) return refuse('--overlay is required: see npm run deploy -- --help');
  const missing = overlays.find((overlay) => !existsSync(join(overlay, 'kustomization.yaml')));
  if (missing !== undefined) return refuse(`${missing} has no kustomization.yaml.`);
  const digests = given === undefined ? undefined : Digests.safeParse(json(given));
  if (digests?.success === false)
    return refuse('--digests must be a JSON object such as {"bookings":"sha256:…"}.');
  try {
    const rendered = await Promise.all(overlays.map((overlay) => kubectl(['kustomize', resolve(overlay)])));
    const yaml = withImages(rendered.join('---\n'), { registry, tag, digests: digests?.data });
    const manifests = parseManifests(yaml);
    const cluster = new Kubectl();
    if (values.print) process.stdout.write(yaml);
    else if (values.undo) await undo(manifests, { cluster, log: console.log });
    else
      await deploy(manifests, {
        cluster,
        log: console.log,
        ...(url === undefined ? {} : { smokeTour: async () => smokeTour(url) }),
      });
    return 0;
  } catch (error) {
    console.error((error as Error).message);
    if (!(error instanceof DeploymentFailed)) console.error('No version was rolled out.');
    return 1;
  }
}

function refuse(sentence: string): number {
  console.error(sentence);
  return 2;
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function smokeTour(url: string): void {
  const { status } = spawnSync('npm', ['run', '--silent', 'tour', '--', '--smoke', '--url', url], {
    cwd: root,
    stdio: 'inherit',
  });
  if (status !== 0) throw new Error('the smoke tour failed');
}
