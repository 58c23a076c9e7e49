import { cpSync, existsSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';

const Manifest = z.object({
  name: z.string(),
  version: z.string(),
  license: z.string().optional(),
  dependencies: z.record(z.string(), z.string()).default({}),
  optionalDependencies: z.record(z.string(), z.string()).default({}),
});

export interface Package extends z.infer<typeof Manifest> {
  folder: string;
}

/** The package that a file belongs to; null for a file of this repository. */
export function packageOf(file: string): Package | null {
  const at = file.lastIndexOf('/node_modules/');
  if (at < 0) return null;
  const [scope = '', name = ''] = file.slice(at + '/node_modules/'.length).split('/');
  return readPackage(
    join(file.slice(0, at), 'node_modules', scope.startsWith('@') ? `${scope}/${name}` : scope),
  );
}

/** A package and everything that it depends on, as far as it is installed for this platform. */
export function withDependencies(name: string, from: string): Package[] {
  const found = new Map<string, Package>();
  const visit = (wanted: string, folder: string, optional: boolean) => {
    const at = locate(wanted, folder);
    if (at === null) {
      if (optional) return;
      throw new Error(`The package ${wanted}, which ${folder} depends on, is not installed: run npm ci.`);
    }
    if (found.has(at)) return;
    const it = readPackage(at);
    found.set(at, it);
    for (const next of Object.keys(it.dependencies)) {
      visit(next, at, next in it.optionalDependencies);
    }
    for (const next of Object.keys(it.optionalDependencies)) visit(next, at, true);
  };
  visit(name, from, false);
  return [...found.values()];
}

/** Copies what runs: no types, maps, sources or documentation, and native parts of this platform only. */
export function copyPackage({ folder }: Package, root: string, out: string): void {
  cpSync(folder, join(out, folder.slice(root.length)), {
    recursive: true,
    filter: (file) => (statSync(file).isDirectory() ? basename(file) !== 'node_modules' : runs(file)),
  });
}

const { platform, arch } = process;

function runs(file: string): boolean {
  const name = basename(file);
  if (/\.node$/.test(name)) {
    const native = file.slice(file.lastIndexOf('/node_modules/'));
    return native.includes(`${platform}-${arch}`) && !native.includes('musl');
  }
  return /^(package\.json|licen[cs]e.*)$/i.test(name) || /\.([cm]?js|so(\.[\d.]+)?)$/.test(name);
}

function locate(name: string, from: string): string | null {
  for (let folder = from; ; folder = dirname(folder)) {
    const at = join(folder, 'node_modules', name);
    if (existsSync(join(at, 'package.json'))) return at;
    if (folder === dirname(folder)) return null;
  }
}

function readPackage(folder: string): Package {
  return { ...Manifest.parse(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))), folder };
}
