import { attempt, type Outcome, run, type RunOptions } from './run.js';
import { kubeconfig } from './settings.js';

const withConfig = (args: readonly string[]) => ['--kubeconfig', kubeconfig, ...args];

/** Runs kubectl against the lab and returns its output. */
export const kubectl = (args: readonly string[], options?: RunOptions): Promise<string> =>
  run('kubectl', withConfig(args), options);

/** As `kubectl`, for a call that may fail. */
export const tryKubectl = (args: readonly string[], options?: RunOptions): Promise<Outcome> =>
  attempt('kubectl', withConfig(args), options);

/** Applies manifests: YAML, or objects. */
export const apply = (manifests: string | readonly object[]): Promise<string> =>
  kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], {
    input:
      typeof manifests === 'string'
        ? manifests
        : JSON.stringify({ apiVersion: 'v1', kind: 'List', items: manifests }),
  });

/** Reads one object, or a list of objects, as JSON. */
export async function read<T>(args: readonly string[]): Promise<T> {
  return JSON.parse(await kubectl(['get', ...args, '-o', 'json'])) as T;
}
