/** One object of the output of kustomize. */
export interface Manifest {
  kind: string;
  name: string;
  namespace: string | undefined;
  text: string;
}

export interface Phases {
  /** What the other phases need: namespace, accounts, policies, settings, secrets, services. */
  first: Manifest[];
  /** Migrations and topics: they end before a new version starts. */
  jobs: Manifest[];
  deployments: Manifest[];
  /** What refers to deployments. */
  last: Manifest[];
}

const LAST = new Set(['HorizontalPodAutoscaler', 'ScaledObject', 'PodDisruptionBudget', 'ServiceMonitor']);

/** Splits what `kubectl kustomize` prints: it writes kind and metadata without indentation, and sorts the fields. */
export function parseManifests(yaml: string): Manifest[] {
  return yaml.split(/^---\n/m).flatMap((text) => {
    const kind = /^kind: (\S+)$/m.exec(text)?.[1];
    const [metadata = ''] = /^metadata:\n(?:[ ].*\n)+/m.exec(text) ?? [];
    const field = (name: string) => new RegExp(`^  ${name}: (\\S+)$`, 'm').exec(metadata)?.[1];
    const name = field('name');
    return kind && name ? [{ kind, name, namespace: field('namespace'), text }] : [];
  });
}

/** Another registry, tag or digest of Roost's images. */
export interface ImageChoice {
  /** `ghcr.io/example/roost` */
  registry?: string | undefined;
  tag?: string | undefined;
  digests?: Readonly<Record<string, string>> | undefined;
}

const IMAGE = /^(?<before> *(?:- )?image: )(?<registry>\S*?roost)\/(?<app>[a-z]+)(?<version>[:@]\S+)?$/gm;

/** Replaces what `choice` names in the images `…roost/<app>`. Those of others stay. */
export function withImages(yaml: string, { registry, tag, digests }: ImageChoice): string {
  return yaml.replace(IMAGE, (...match) => {
    const { before, app, version = '', ...given } = match.at(-1) as Record<string, string>;
    const digest = digests?.[app ?? ''];
    const chosen = digest ? `@${digest}` : tag ? `:${tag}` : version;
    return `${before}${registry ?? given.registry}/${app}${chosen}`;
  });
}

export function phasesOf(manifests: readonly Manifest[]): Phases {
  const of = (accepts: (kind: string) => boolean) => manifests.filter(({ kind }) => accepts(kind));
  return {
    jobs: of((kind) => kind === 'Job'),
    deployments: of((kind) => kind === 'Deployment'),
    last: of((kind) => LAST.has(kind)),
    first: of((kind) => kind !== 'Job' && kind !== 'Deployment' && !LAST.has(kind)),
  };
}
