import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { deploy, DeployFailed, undo } from './deploy.js';
import { Kubectl, KubectlError } from './kubectl.js';
import { type Images, releaseOf, toYaml } from './release.js';

const HELP = `Deploys an overlay of k8s/overlays, or some of its folders, with kubectl.

  npm run deploy -- <overlay> [folder…] [options]

  npm run deploy -- production --tag 1.4.0
  npm run deploy -- production bookings payments --tag 1.4.0
  npm run deploy -- production bookings --undo

First settings, secrets and policies; then the jobs for topics and migrations; then the new versions, and it waits until they
are ready. A job that fails ends it, and the old versions serve. A version that is not ready in time, or with which the smoke
tour fails, is undone, with all others of this call.

  --url URL        the gateway, as clients use it: runs the smoke tour at the end
  --tag TAG        the tag (or sha256:… digest) of Roost's images, instead of that of the overlay
  --digests JSON   the digest of each image, instead of a tag: {"bookings":"sha256:…"}
  --registry NAME  the registry and path of the images, such as registry.example.com/roost, instead of "roost"
  --undo           returns to the previous version of each Deployment
  --print          prints the manifests, in their order, and changes nothing
  --timeout N      the seconds to wait for a job or a version (default: 300)
  --context NAME   the context of kubectl
  --help           print this text

Environment: KUBECTL, the path of kubectl.`;

const overlays = fileURLToPath(new URL('../../../k8s/overlays', import.meta.url));

/** Something in the call is wrong. */
class UsageError extends Error {}

const Digests = z.record(z.string(), z.string().regex(/^sha256:[\da-f]{64}$/));

function readCall() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      url: { type: 'string' },
      tag: { type: 'string' },
      digests: { type: 'string' },
      registry: { type: 'string' },
      undo: { type: 'boolean', default: false },
      print: { type: 'boolean', default: false },
      timeout: { type: 'string', default: '300' },
      context: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const [overlay, ...folders] = positionals;
  if (values.help) return null;
  if (overlay === undefined || !existsSync(join(overlays, overlay, 'kustomization.yaml'))) {
    throw new UsageError(`Name an overlay: ${readdirSync(overlays).join(', ')}.`);
  }
  for (const folder of folders) {
    if (!existsSync(join(overlays, overlay, folder, 'kustomization.yaml')))
      throw new UsageError(`${relative('.', join(overlays, overlay))} has no folder "${folder}".`);
  }
  const timeoutSeconds = Number(values.timeout);
  if (!Number.isInteger(timeoutSeconds) || timeoutSeconds < 1)
    throw new UsageError('--timeout must be a number of seconds from 1.');
  if (values.tag !== undefined && values.digests !== undefined)
    throw new UsageError('Give --tag or --digests, not both.');
  const images: Images = {
    ...(values.tag === undefined ? {} : { tag: values.tag }),
    ...(values.registry === undefined ? {} : { registry: values.registry }),
    ...(values.digests === undefined ? {} : { digests: readDigests(values.digests) }),
  };
  const paths =
    folders.length === 0 ? [join(overlays, overlay)] : folders.map((name) => join(overlays, overlay, name));
  return { ...values, images, paths, timeoutSeconds };
}

function readDigests(text: string): Record<string, string> {
  try {
    return Digests.parse(JSON.parse(text));
  } catch {
    throw new UsageError('--digests must be a JSON object such as {"bookings":"sha256:…"}.');
  }
}

/** Throws a `DeployFailed` if the marketplace at this URL does not work for its clients. */
function smokeTour(url: string): void {
  const { status } = spawnSync('npm', ['run', '--silent', 'tour', '--', '--smoke', '--url', url], {
    stdio: 'inherit',
  });
  if (status !== 0) throw new DeployFailed('The smoke tour failed.');
}

async function main(): Promise<void> {
  const call = readCall();
  if (call === null) {
    console.log(HELP);
    return;
  }
  const kubectl = new Kubectl({
    ...(process.env.KUBECTL ? { program: process.env.KUBECTL } : {}),
    ...(call.context === undefined ? {} : { context: call.context }),
  });
  const rendered = await Promise.all(call.paths.map((path) => kubectl.run(['kustomize', path])));
  const release = releaseOf(rendered.join('---\n'), call.images);
  const { url, timeoutSeconds } = call;
  const options = {
    kubectl,
    timeoutSeconds,
    log: (line: string) => console.log(line),
    ...(url === undefined ? {} : { accept: () => smokeTour(url) }),
  };
  if (call.print) {
    const { base, jobs, deployments, scalers } = release;
    process.stdout.write(toYaml([...base, ...jobs, ...deployments, ...scalers]));
  } else if (call.undo) await undo(release, options);
  else await deploy(release, options);
}

try {
  await main();
} catch (error) {
  const isUsage =
    error instanceof UsageError || (error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS');
  if (!isUsage && !(error instanceof DeployFailed) && !(error instanceof KubectlError)) throw error;
  console.error((error as Error).message);
  process.exitCode = isUsage ? 2 : 1;
}
