/**
 * Runs the TypeScript of this repository: `node --conditions=@roost/source --import ./tools/register.js x.ts`.
 * Each file is compiled once and cached in node_modules/.cache. The hooks run in the main thread and load the compiler
 * only for changed files, which halves the start time (docs/adr/0005-typescript-hook.md).
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import module from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheResolutions } from './resolutions.js';

const NODE_MAJOR = 24;

if (Number(process.versions.node.split('.')[0]) < NODE_MAJOR) {
  process.stderr.write(
    `Roost requires Node ${NODE_MAJOR}; this is Node ${process.versions.node}. Run "npm ci" without --ignore-scripts (it installs Node ${NODE_MAJOR} for npm scripts), or install Node ${NODE_MAJOR}.\n`,
  );
  process.exit(1);
}

const root = fileURLToPath(new URL('..', import.meta.url));
const cache = join(root, 'node_modules', '.cache', 'roost');
const require = module.createRequire(import.meta.url);
const settings = readFileSync(join(root, '.swcrc'), 'utf8');
const compilerVersion = require('@swc/core/package.json').version;

let cacheWritable = true;
try {
  mkdirSync(join(cache, 'javascript'), { recursive: true });
} catch {
  // A read-only checkout works without the cache, and starts more slowly.
  cacheWritable = false;
}
if (cacheWritable) module.enableCompileCache(join(cache, 'bytecode'));
module.setSourceMapsSupport(true, { nodeModules: false, generatedCode: false });

const resolveCached = cacheResolutions(root, cache);

module.registerHooks({
  resolve(specifier, context, next) {
    if (/^\.{1,2}\/.*\.js$/.test(specifier) && context.parentURL?.endsWith('.ts')) {
      const source = new URL(`${specifier.slice(0, -3)}.ts`, context.parentURL);
      if (statSync(source, { throwIfNoEntry: false })) {
        return { url: source.href, format: 'module', shortCircuit: true };
      }
    }
    return resolveCached(specifier, context, next);
  },
  load(url, context, next) {
    if (!url.startsWith('file:') || !url.endsWith('.ts')) return next(url, context);
    return { format: 'module', source: compile(fileURLToPath(url)), shortCircuit: true };
  },
});

function compile(file) {
  const source = readFileSync(file, 'utf8');
  const hash = (text) => createHash('sha256').update(text).digest('hex');
  const signature = `\n//@ ${hash(`${compilerVersion}\n${settings}\n${source}`)}\n`;
  const cachedFile = join(cache, 'javascript', `${hash(file)}.js`);
  try {
    const text = readFileSync(cachedFile, 'utf8');
    if (text.endsWith(signature)) return text;
  } catch {
    // The file is not in the cache.
  }
  const { code } = require('@swc/core').transformSync(source, {
    ...JSON.parse(settings),
    swcrc: false,
    filename: file,
    sourceMaps: 'inline',
  });
  const text = `${code}${signature}`;
  if (cacheWritable) {
    try {
      const temporaryFile = `${cachedFile}.${process.pid}`;
      writeFileSync(temporaryFile, text);
      renameSync(temporaryFile, cachedFile);
    } catch {
      cacheWritable = false;
    }
  }
  return text;
}
