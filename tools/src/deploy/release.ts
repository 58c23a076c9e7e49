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
const OUR_IMAGE = /(^|\/)roost\/([a-z]+)(?=[:@]|$)/;

/** What replaces the images of the overlay. */
export interface Images {
  /** A tag, or a digest `sha256:…`, of every image. */
  tag?: string;
  /** The prefix in place of `roost`, such as `registry.example.com/roost`. */
  registry?: string;
  /** The digest of each app's image. */
  digests?: Readonly<Record<string, string>>;
}

/** The steps of the manifests that kustomize rendered. Throws if `digests` lacks an app of the release. */
export function releaseOf(yaml: string, images: Images = {}): Release {
  const manifests = parseAllDocuments(yaml)
    .map((document) => document.toJS() as Manifest | null)
    .filter((manifest) => manifest !== null);
  for (const manifest of manifests) setImages(manifest, images);
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

function setImages({ spec }: Manifest, { tag, registry, digests }: Images): void {
  const pod = spec?.template?.spec;
  for (const container of [...(pod?.containers ?? []), ...(pod?.initContainers ?? [])]) {
    const match = OUR_IMAGE.exec(container.image);
    const app = match?.[2];
    if (!match || app === undefined) continue;
    const version = digests ? digests[app] : tag;
    if (digests && version === undefined) throw new Error(`There is no digest of the image of ${app}.`);
    const name = container.image.slice(0, match.index + match[0].length);
    const repository = registry === undefined ? name : `${registry}/${app}`;
    const rest = container.image.slice(name.length);
    container.image =
      version === undefined
        ? `${repository}${rest}`
        : `${repository}${version.startsWith('sha256:') ? '@' : ':'}${version}`;
  }
}
