import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { breakingChanges, events, type EventType, type Release, releaseOf } from '@roost/contracts';
import { currentApi, storeReleased } from './released-api.js';

const HELP = `Stores the contracts of this version of Roost (package.json) as released: events, OpenAPI and GraphQL. Later versions are
compared with them (npm run contracts:check).

  npm run contracts:release [-- options]

  --again   overwrite the stored version (only before it is published)
  --help    print this help

The command fails if the events break an earlier release; the specs of libs/contracts check the same.`;

const root = fileURLToPath(new URL('../../../', import.meta.url));
const folder = join(root, 'libs/contracts/released');

const { values } = parseArgs({
  options: { again: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
});
if (values.help) console.log(HELP);
else process.exitCode = await release(values.again);

async function release(again: boolean): Promise<number> {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  const file = join(folder, `${version}.json`);
  if (existsSync(file) && !again) {
    console.error(`${version} is already released. Increase the version in package.json first.`);
    return 1;
  }
  const breaking = releases()
    .filter((earlier) => earlier.version !== version)
    .flatMap((earlier) => breakingChanges(earlier, events));
  if (breaking.length > 0) {
    console.error(`The contracts break an earlier release:\n  ${breaking.join('\n  ')}`);
    return 1;
  }
  writeFileSync(file, linePerEvent(releaseOf(version, events, examples())));
  storeReleased(await currentApi(), version);
  console.log(
    `${Object.keys(events).length} events of ${version} are stored in libs/contracts/released, its API in apps/gateway/released.`,
  );
  return 0;
}

function releases(): Release[] {
  return readdirSync(folder).map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Release);
}

function examples(): Record<string, unknown> {
  const read = (type: EventType): unknown =>
    JSON.parse(readFileSync(join(root, `libs/contracts/fixtures/${type}.json`), 'utf8'));
  return Object.fromEntries((Object.keys(events) as EventType[]).map((type) => [type, read(type)]));
}

/** One line per event, so that a diff of two releases shows the changed events. */
function linePerEvent({ version, events: released }: Release): string {
  const lines = Object.entries(released)
    .toSorted(([a], [b]) => a.localeCompare(b, 'en'))
    .map(([type, event]) => `    ${JSON.stringify(type)}: ${JSON.stringify(event)}`);
  return `{\n  "version": ${JSON.stringify(version)},\n  "events": {\n${lines.join(',\n')}\n  }\n}\n`;
}
