import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { format, resolveConfig } from 'prettier';
import { collectionPage } from '../api-collection/page.js';
import { monitoringPages } from '../monitoring/monitoring-pages.js';
import { asyncApiDocument } from './asyncapi.js';
import { envExample } from './env-example.js';
import { errorPages } from './error-pages.js';
import { eventsPage } from './events-page.js';
import { graphPages } from './graph-pages.js';
import { metricsPage } from './metrics-page.js';
import { networkPages } from './network-pages.js';
import { serviceDocuments } from './service-documents.js';
import { strimziPages } from './strimzi-pages.js';
import { testCatalogue } from './test-catalogue.js';

const HELP = `Writes the pages that are generated from the code.

  npm run docs [-- options]

  --check   write nothing; exit with 1 if a page is out of date
  --help    print this help`;

const { values } = parseArgs({
  options: { check: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
});
if (values.help) {
  console.log(HELP);
  process.exit(0);
}

const root = fileURLToPath(new URL('../../../', import.meta.url));

const { pages: documents, consumedTypes, metrics } = await serviceDocuments();

/** The content of all generated files by path. */
const pages = new Map<string, string>([
  ['.env.example', envExample()],
  ['docs/events.md', eventsPage()],
  ['docs/metrics.md', metricsPage(metrics)],
  ['apps/gateway/release/asyncapi.json', asyncApiDocument(consumedTypes)],
  ...errorPages(),
  ...documents,
  ...graphPages(documents),
  ...networkPages(),
  ...strimziPages(consumedTypes),
  ['docs/api-collection/roost.postman_collection.json', collectionPage(documents)],
  ...testCatalogue(root),
  ...monitoringPages(),
]);
/** Written as they are: formatting them would take longer than everything else. */
const isFormatted = (path: string) => path.endsWith('.example') || path.startsWith('docs/tests/');

const stale: string[] = [];
for (const [path, content] of pages) {
  const file = join(root, path);
  const text = isFormatted(path)
    ? content
    : await format(content, { ...(await resolveConfig(file)), filepath: file });
  const current = await readFile(file, 'utf8').catch(() => null);
  if (current === text) continue;
  stale.push(relative(root, file));
  if (values.check) continue;
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
}

// The page of a removed error code or project is deleted.
for (const folder of ['docs/errors', 'docs/tests']) {
  for (const name of await readdir(join(root, folder)).catch(() => [])) {
    const path = `${folder}/${name}`;
    if (pages.has(path)) continue;
    stale.push(path);
    if (!values.check) await rm(join(root, path));
  }
}

if (stale.length === 0) console.log(`${pages.size} generated pages are up to date.`);
else if (values.check) {
  console.error(`Out of date. Run "npm run docs":\n  ${stale.join('\n  ')}`);
  process.exitCode = 1;
} else console.log(`Written:\n  ${stale.join('\n  ')}`);
