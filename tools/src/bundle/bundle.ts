import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DEFAULT_PORTS } from '@roost/app-standalone/composition';
import { rolldown, type RolldownOutput } from 'rolldown';
import { type App, entriesOf, FILES_READ, LEFT_OUT, SHIPPED } from './apps.js';
import { bill, licenseTexts } from './bill.js';
import { copyPackage, type Package, packageOf, withDependencies } from './packages.js';
import { sourcePlugin, withoutMapsOfPackages } from './source-plugin.js';

/** Compiles an app and the packages that it uses into a folder that `node main.js` runs. */
export async function bundle(app: App, version: string, root: string, out: string): Promise<Package[]> {
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  const { output } = await compile(app, root, out);
  const modules = output.flatMap((file) => (file.type === 'chunk' ? file.moduleIds : []));
  const imported = new Set(
    output.flatMap((file) => (file.type === 'chunk' ? [...file.imports, ...file.dynamicImports] : [])),
  );
  const shipped = SHIPPED.filter((name) => imported.has(name)).flatMap((name) =>
    withDependencies(name, root),
  );
  for (const it of shipped) copyPackage(it, root, out);
  const read = new Set(modules.flatMap((id) => FILES_READ[id.slice(root.length + 1)] ?? []));
  for (const file of read) cpSync(join(root, file), join(out, file), { recursive: true });

  const packages = distinct(
    [...modules, ...[...read].map((file) => join(root, file))].map(packageOf),
    shipped,
  );
  writeFileSync(join(out, 'health.js'), healthCheck(app));
  writeFileSync(join(out, 'licenses.txt'), licenseTexts(packages));
  writeFileSync(join(out, 'sbom.cdx.json'), `${JSON.stringify(bill(app, version, packages), null, 2)}\n`);
  return packages;
}

/** The health check of the image, which has no curl. */
function healthCheck(app: App): string {
  if (app === 'cli') return '// Commands serve nothing: they are healthy while they run.\n';
  return `import { get } from 'node:http';
const { BIND_HOST = '', PORT } = process.env;
const host = /^(0\\.0\\.0\\.0|::|)$/.test(BIND_HOST) ? '127.0.0.1' : BIND_HOST;
get({ host, port: PORT || ${DEFAULT_PORTS[app]}, path: '/health/live', timeout: 2500 }, ({ statusCode }) =>
  process.exit(statusCode === 200 ? 0 : 1),
)
  .on('timeout', () => process.exit(1))
  .on('error', () => process.exit(1));
`;
}

async function compile(app: App, root: string, out: string): Promise<RolldownOutput> {
  const build = await rolldown({
    cwd: root,
    input: entriesOf(app, root),
    platform: 'node',
    external: [...SHIPPED, ...LEFT_OUT],
    resolve: {
      conditionNames: ['@roost/source', 'node'],
      extensionAlias: { '.js': ['.ts', '.js'] },
    },
    // Packages are CommonJS in part; the files that they would find beside them are not needed.
    transform: { define: { __dirname: 'import.meta.dirname', __filename: 'import.meta.filename' } },
    plugins: [sourcePlugin(root), withoutMapsOfPackages()],
    onLog(level, log, report) {
      // Packages try to load optional packages: Nest those of other servers.
      if (log.code === 'UNRESOLVED_IMPORT' && log.id?.includes('/node_modules/')) return;
      report(level, log);
    },
  });
  try {
    return await build.write({
      dir: out,
      format: 'esm',
      // The names of classes are names of migrations and in logs.
      keepNames: true,
      sourcemap: true,
      sourcemapExcludeSources: true,
      chunkFileNames: '[name]-[hash].js',
    });
  } finally {
    await build.close();
  }
}

function distinct(bundled: readonly (Package | null)[], shipped: readonly Package[]): Package[] {
  const all = [...bundled.filter((it) => it !== null), ...shipped];
  const byAddress = new Map(all.map((it) => [`${it.name}@${it.version}`, it]));
  return [...byAddress.keys()].sort().flatMap((key) => byAddress.get(key) ?? []);
}
