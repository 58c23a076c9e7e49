import { execFileSync } from 'node:child_process';
import { accessSync, constants, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Programs that checks need and that no package registry has: built once per machine from the Go module proxy. */
const MODULES = {
  actionlint: { module: 'github.com/rhysd/actionlint', version: 'v1.7.12', package: '/cmd/actionlint' },
  gitleaks: { module: 'github.com/zricethezav/gitleaks/v8', version: 'v8.30.1', package: '' },
  oasdiff: { module: 'github.com/oasdiff/oasdiff', version: 'v1.11.7', package: '' },
} as const;
export type GoProgram = keyof typeof MODULES;

const BUILT_WITHIN_MS = 600_000;

/** Whether `goProgram` returns at once. */
export const isBuilt = (name: GoProgram) => versionOf(join(binFolder(), name)) === MODULES[name].version;

/** Returns the path of the program. Builds it if it is missing or has another version. */
export function goProgram(name: GoProgram, log: (line: string) => void = console.error): string {
  const { module, version, package: folder } = MODULES[name];
  const bin = binFolder();
  const program = join(bin, name);
  if (versionOf(program) === version) return program;
  log(`building ${name} ${version} with Go (once)`);
  const unfinished = mkdtempSync(join(bin, `.${name}-`));
  try {
    execFileSync('go', ['install', '-trimpath', '-ldflags=-s -w', `${module}${folder}@${version}`], {
      env: { ...process.env, GOBIN: unfinished, GOFLAGS: '-mod=mod', CGO_ENABLED: '0' },
      stdio: ['ignore', 'ignore', 'pipe'],
      timeout: BUILT_WITHIN_MS,
    });
    renameSync(join(unfinished, name), program);
  } catch (error) {
    throw new Error(`${name} could not be built: it needs Go and a Go module proxy.`, { cause: error });
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
  return program;
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
