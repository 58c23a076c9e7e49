import { parseAllDocuments, stringify } from 'yaml';

export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Record<string, string> };
  spec?: { template?: PodTemplate };
}

interface PodTemplate {
  spec?: { containers?: Container[]; initContainers?: Container[] };
}

interface Container {
  image: string;
}

/** What a deployment applies, in its order. */
export interface Release {
  namespace: string;
  /** Namespace, policies, settings, secrets, accounts, Services, and the servers of a local cluster. */
  base: Manifest[];
  /** They change topics and tables for the new version, so they must succeed before it starts. */
  jobs: Manifest[];
  deployments: Manifest[];
  /** They need the Deployments. */
  scalers: Manifest[];
}

const SCALERS = new Set(['HorizontalPodAutoscaler', 'ScaledObject']);
const OUR_IMAGE = /(^|\/)roost\/[a-z]+(?=[:@]|$)/;

/** The steps of the manifests that kustomize rendered. `tag` replaces the tag of Roost's images. */
export function releaseOf(yaml: string, tag?: string): Release {
  const manifests = parseAllDocuments(yaml)
    .map((document) => document.toJS() as Manifest | null)
    .filter((manifest) => manifest !== null);
  if (tag !== undefined) for (const manifest of manifests) setTag(manifest, tag);
  const namespace = manifests.find(({ metadata }) => metadata.namespace !== undefined)?.metadata.namespace;
  if (namespace === undefined) throw new Error('The overlay has no object in a namespace');
  const of = (wanted: (kind: string) => boolean) => manifests.filter(({ kind }) => wanted(kind));
  return {
    namespace,
    base: of((kind) => kind !== 'Job' && kind !== 'Deployment' && !SCALERS.has(kind)),
    jobs: of((kind) => kind === 'Job'),
    deployments: of((kind) => kind === 'Deployment'),
    scalers: of((kind) => SCALERS.has(kind)),
  };
}

export function toYaml(manifests: readonly Manifest[]): string {
  return manifests.map((manifest) => stringify(manifest, { aliasDuplicateObjects: false })).join('---\n');
}

function setTag({ spec }: Manifest, tag: string): void {
  const pod = spec?.template?.spec;
  for (const container of [...(pod?.containers ?? []), ...(pod?.initContainers ?? [])]) {
    const name = OUR_IMAGE.exec(container.image);
    if (!name) continue;
    const repository = container.image.slice(0, name.index + name[0].length);
    container.image = `${repository}${tag.startsWith('sha256:') ? '@' : ':'}${tag}`;
  }
}
