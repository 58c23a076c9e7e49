/** What CI runs for a change. */
export interface Affected {
  /** Folders whose specs and fault specs run, such as `apps/bookings/`. */
  folders: string[];
  /** Whether the suite on a real cluster runs. */
  cluster: boolean;
  /** The apps whose images are built. */
  images: string[];
}

/** Files that decide how the system is built into images and runs on a cluster. */
const CLUSTER = /^(?:k8s|docker|tools\/lab|tools\/src\/lab)\//;
const BUILD = /^(?:docker\/|package-lock\.json$)/;
/** Texts that no spec reads. */
const PROSE = /^(?:[^/]+|docs\/(?:adr\/|runbooks\/|images\/)?[^/]+)\.(?:md|png)$|^LICENSE$/;

/**
 * @param files the changed files
 * @param projects the folders of the projects that the change affects, by Nx
 * @param apps the apps that have an image
 */
export function affectedBy(
  files: readonly string[],
  projects: readonly string[],
  apps: readonly string[],
): Affected {
  const folders = new Set(projects.map((folder) => `${folder}/`));
  // The specs of tools check what belongs to no project: workflows, dashboards, settings of checks.
  const outside = files.filter((file) => !/^(?:apps|libs|tools)\//.test(file) && !PROSE.test(file));
  if (outside.length > 0) folders.add('tools/');
  const built = files.some((file) => BUILD.test(file));
  return {
    folders: [...folders].sort(),
    cluster: files.some((file) => CLUSTER.test(file)),
    images: apps.filter((app) => built || folders.has(`apps/${app}/`)),
  };
}
