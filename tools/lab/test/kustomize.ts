import { globSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { kubectl } from '../kubectl.js';
import { run } from '../run.js';

export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Record<string, string> };
  spec?: Record<string, unknown>;
}

export const manifestRoot = fileURLToPath(new URL('../../../k8s', import.meta.url));

/** The folders below `k8s` that kustomize can build, such as `overlays/local` and `overlays/local/bookings`. */
export function foldersIn(part: 'base' | 'components' | 'overlays'): string[] {
  return globSync(`${part}/**/kustomization.yaml`, { cwd: manifestRoot }).map(dirname).toSorted();
}

export const render = (folder: string): Promise<string> =>
  run('kubectl', ['kustomize', join(manifestRoot, folder)]);

/** Renders a component on top of a folder that does not include it. */
export async function renderWith(folder: string, component: string): Promise<string> {
  const place = mkdtempSync(join(tmpdir(), 'roost-component-'));
  try {
    const from = (path: string) => relative(place, join(manifestRoot, path));
    const kustomization = {
      apiVersion: 'kustomize.config.k8s.io/v1beta1',
      kind: 'Kustomization',
      resources: [from(folder)],
      components: [from(component)],
    };
    writeFileSync(join(place, 'kustomization.yaml'), JSON.stringify(kustomization));
    return await run('kubectl', ['kustomize', place]);
  } finally {
    rmSync(place, { recursive: true });
  }
}

/** The objects of rendered YAML, as they are written. */
export async function parse(yaml: string): Promise<Manifest[]> {
  const json = await kubectl(['create', '--dry-run=client', '--validate=false', '-o', 'json', '-f', '-'], {
    input: yaml,
  });
  // kubectl prints one list, one object, or objects one after the other.
  const documents = json
    .split(/^(?=\{)/m)
    .map((text) => JSON.parse(text) as Manifest & { items?: Manifest[] });
  return documents.flatMap((document) => document.items ?? [document]);
}
