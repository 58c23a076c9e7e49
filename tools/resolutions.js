import { readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/**
 * Caches in `folder` what imports inside `node_modules` resolve to: a start resolves some ten thousand of them, which is a
 * quarter of its CPU time. Only resolutions from and to packages are stored. The file is another one after each install.
 * Returns a function for the `resolve` hook.
 */
export function cacheResolutions(root, folder) {
  const packages = new URL('node_modules/', pathToFileURL(root));
  const inPackages = (url) => url?.startsWith(packages.href) === true;
  // Relative, so that a copied or moved checkout does not load the modules of another one.
  const short = (url) => url.slice(packages.href.length);
  const installed = installation(packages);
  if (installed === null) return (specifier, context, next) => next(specifier, context);
  const file = join(folder, `resolutions-${installed}.json`);
  const known = read(file);
  let isChanged = false;

  process.on('exit', () => {
    if (isChanged) write(file, known);
  });

  return (specifier, context, next) => {
    if (!inPackages(context.parentURL)) return next(specifier, context);
    const from = `${context.conditions.join()} ${short(context.parentURL)}`;
    const stored = known[from]?.[specifier];
    if (stored) return { url: packages.href + stored[0], format: stored[1], shortCircuit: true };
    const resolved = next(specifier, context);
    if (inPackages(resolved.url) && resolved.format !== undefined) {
      known[from] = { ...known[from], [specifier]: [short(resolved.url), resolved.format] };
      isChanged = true;
    }
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
