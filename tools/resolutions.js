import { readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const PACKAGE_NAME = /^(@[\w.-]+\/)?[a-z]/;

/**
 * Caches in `folder` which files of `node_modules` imports resolve to: a start resolves some five thousand of them, which
 * is a third of its CPU time. The file is another one after each install. What imports of workspaces resolve to is kept
 * in memory only, because it also changes with their package.json. Returns a function for the `resolve` hook.
 */
export function cacheResolutions(root, folder) {
  const sources = pathToFileURL(root).href;
  const packages = `${sources}node_modules/`;
  const inPackages = (url) => url?.startsWith(packages) === true;
  const inSources = (url) => url?.startsWith(sources) === true && !inPackages(url);
  // Relative, so that a copied or moved checkout does not load the modules of another one.
  const short = (url) => url.slice(packages.length);
  const installed = installation(new URL(packages));
  if (installed === null) return (specifier, context, next) => next(specifier, context);
  const file = join(folder, `resolutions-${installed}.json`);
  const known = read(file);
  const workspaces = new Map();
  let isChanged = false;

  process.on('exit', () => {
    if (isChanged) write(file, known);
  });

  return (specifier, context, next) => {
    const { parentURL } = context;
    const isSource = inSources(parentURL) && PACKAGE_NAME.test(specifier);
    if (!isSource && !inPackages(parentURL)) return next(specifier, context);
    const conditions = context.conditions.join();
    // Names of packages resolve alike for all files of a folder.
    const origin = isSource
      ? `/${parentURL.slice(sources.length, parentURL.lastIndexOf('/'))}`
      : short(parentURL);
    const from = `${conditions} ${origin}`;
    const stored = known[from]?.[specifier];
    if (stored) return { url: packages + stored[0], format: stored[1], shortCircuit: true };
    // npm links workspaces, so their names mean the same in every folder.
    const workspace = `${conditions} ${specifier}`;
    if (isSource && workspaces.has(workspace)) return { ...workspaces.get(workspace), shortCircuit: true };
    const resolved = next(specifier, context);
    if (inPackages(resolved.url)) {
      // A CommonJS module has no format here, and JSON no undefined.
      const target = [short(resolved.url), resolved.format].filter((part) => part !== undefined);
      known[from] = { ...known[from], [specifier]: target };
      isChanged = true;
    } else if (isSource && inSources(resolved.url)) workspaces.set(workspace, resolved);
    return resolved;
  };
}

/** Differs after each installation of packages and with each version of Node. Null if npm has not installed them. */
function installation(packages) {
  const lock = statSync(new URL('.package-lock.json', packages), { throwIfNoEntry: false });
  if (!lock) return null;
  const state = [process.version, lock.mtimeMs, lock.size].join();
  return createHash('sha256').update(state).digest('hex').slice(0, 16);
}

function read(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    // There is no file yet.
    return {};
  }
}

/** Adds to what other processes have written meanwhile. */
function write(file, known) {
  const all = read(file);
  for (const [from, targets] of Object.entries(known)) all[from] = { ...all[from], ...targets };
  try {
    writeFileSync(`${file}.${process.pid}`, JSON.stringify(all));
    renameSync(`${file}.${process.pid}`, file);
  } catch {
    // Without the file, the next start resolves again.
  }
}
