import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { APPS } from './apps.js';
import { bundle } from './bundle.js';

const HELP = `Compiles an app with the packages it uses into a folder, for images and for machines without a compiler:
"node --enable-source-maps DIR/main.js" runs it. Packages with native parts lie in DIR/node_modules.

  npm run bundle -- APP… [options]

APP is one of ${APPS.join(', ')}; "all" is each of them.

  --out DIR           the folder, DIR/APP of several apps; it is emptied first (default dist/APP)
  --version VERSION   the version in sbom.cdx.json (default: that of package.json)
  --help              this text`;

const root = fileURLToPath(new URL('../../../', import.meta.url)).replace(/\/$/, '');

async function main(): Promise<void> {
  const call = read();
  if (typeof call === 'string') {
    console.error(call);
    process.exitCode = 2;
    return;
  }
  if (call.apps.length === 0) return console.log(HELP);
  for (const app of call.apps) {
    const started = performance.now();
    const out = resolve(call.apps.length > 1 ? join(call.out ?? 'dist', app) : (call.out ?? `dist/${app}`));
    const packages = await bundle(app, call.version, root, out);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    const size = (sizeOf(out) / 1e6).toFixed(1);
    console.log(`${app}: ${size} MB in ${out}, of ${packages.length} packages, in ${seconds} s`);
  }
}

/** The call, or the sentence that says what is wrong with it. */
function read() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        out: { type: 'string' },
        version: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    const call = { out: values.out, version: values.version ?? manifest.version };
    if (values.help) return { ...call, apps: [] };
    const apps = positionals.join() === 'all' ? APPS : APPS.filter((app) => positionals.includes(app));
    const isKnown = positionals.every((name) => name === 'all' || apps.some((app) => app === name));
    if (apps.length === 0 || !isKnown) return `Name an app: ${APPS.join(', ')} or all.`;
    return { ...call, apps };
  } catch (error) {
    return `${(error as Error).message} (see npm run bundle -- --help)`;
  }
}

function sizeOf(folder: string): number {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}

await main();
