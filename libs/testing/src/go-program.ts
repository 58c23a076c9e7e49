import { execFileSync } from 'node:child_process';
import {
  accessSync,
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

interface Module {
  /** With the version, as `go get` reads it. */
  module: `${string}@v${string}`;
  /** The path of the main package in the module; by default its root. */
  package?: string;
  /** Files of the module that are kept beside the program. */
  files?: Readonly<Record<string, string>>;
}

/** Programs that checks and specs need and that no package registry has. */
const MODULES = {
  actionlint: { module: 'github.com/rhysd/actionlint@v1.7.12', package: 'cmd/actionlint' },
  gitleaks: { module: 'github.com/zricethezav/gitleaks/v8@v8.30.1' },
  // Version 2.13.0 of its image.
  jaeger: { module: 'github.com/jaegertracing/jaeger@v1.76.0', package: 'cmd/jaeger' },
  mailpit: { module: 'github.com/axllent/mailpit@v1.33.1' },
  oasdiff: { module: 'github.com/oasdiff/oasdiff@v1.11.7' },
  // Stripe's own mock server and OpenAPI document.
  'stripe-mock': {
    module: 'github.com/stripe/stripe-mock@v0.203.0',
    files: { 'stripe-openapi.json': 'embedded/openapi/spec3.json' },
  },
  // A server with the interface of S3 that stores objects in a folder.
  versitygw: { module: 'github.com/versity/versitygw@v1.8.0', package: 'cmd/versitygw' },
} as const satisfies Record<string, Module>;
export type GoProgram = keyof typeof MODULES;

export const GO_PROGRAMS = Object.keys(MODULES) as GoProgram[];

const BUILT_WITHIN_MS = 1_800_000;

/** Whether `goProgram` returns at once. */
export function isBuilt(name: GoProgram): boolean {
  const { module, files = {} }: Module = MODULES[name];
  const bin = binFolder();
  return (
    Object.keys(files).every((file) => existsSync(join(bin, file))) &&
    versionOf(join(bin, name)) === module.split('@')[1]
  );
}

/** Returns the path of the program. Builds it from the Go module proxy if it is missing or has another version. */
export function goProgram(name: GoProgram, log: (line: string) => void = toStderr): string {
  const program = join(binFolder(), name);
  if (!isBuilt(name)) build(name, log);
  return program;
}

const toStderr = (line: string) => void process.stderr.write(`${line}\n`);

/** The path of a file beside a program that is built. */
export const goFile = (file: string) => join(binFolder(), file);

function build(name: GoProgram, log: (line: string) => void): void {
  const { module, package: main, files = {} }: Module = MODULES[name];
  log(`building ${module} with Go (once)`);
  const bin = binFolder();
  const unfinished = mkdtempSync(join(bin, `.${name}-`));
  const go = (...args: string[]) =>
    execFileSync('go', args, {
      cwd: unfinished,
      env: { ...process.env, GOFLAGS: '-mod=mod', CGO_ENABLED: '0' },
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: BUILT_WITHIN_MS,
    });
  try {
    // `go install` rejects a program whose module replaces one of its requirements.
    const program = main ? module.replace('@', `/${main}@`) : module;
    go('mod', 'init', 'programs');
    go('get', '-tool', program);
    go('build', '-trimpath', '-ldflags=-s -w', '-o', name, program.slice(0, program.lastIndexOf('@')));
    const { Dir: source } = JSON.parse(go('mod', 'download', '-json', module)) as { Dir: string };
    for (const [file, path] of Object.entries(files)) {
      copyFileSync(join(source, path), join(unfinished, file));
      renameSync(join(unfinished, file), join(bin, file));
    }
    renameSync(join(unfinished, name), join(bin, name));
  } catch (error) {
    throw new Error(`${name} could not be built: it needs Go and a Go module proxy.`, { cause: error });
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}

/** The folder of the lab if this user may write to it, else one in the user's cache. */
function binFolder(): string {
  const lab = process.env.ROOST_LAB_CACHE?.trim() || '/var/cache/roost-lab';
  const own = join(process.env.XDG_CACHE_HOME?.trim() || join(homedir(), '.cache'), 'roost');
  for (const folder of [join(lab, 'bin'), join(own, 'bin')]) {
    try {
      mkdirSync(folder, { recursive: true });
      accessSync(folder, constants.W_OK);
      return folder;
    } catch (error) {
      if (!['EACCES', 'EROFS'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    }
  }
  throw new Error(`No folder for programs can be written: set ROOST_LAB_CACHE.`);
}

/** Go writes the version of the module into each program. */
function versionOf(program: string): string | undefined {
  if (!existsSync(program)) return undefined;
  const built = execFileSync('go', ['version', '-m', program], { encoding: 'utf8' });
  return /^\s+mod\s+\S+\s+(\S+)/m.exec(built)?.[1];
}
