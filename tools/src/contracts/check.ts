import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { breakingChanges, events, type Release } from '@roost/contracts';
import { apiBreaks } from './api-breaks.js';
import { accept, acceptances, currentApi, lastReleasedApi } from './released-api.js';

const HELP = `Compares the contracts with the last release: events, REST (with oasdiff) and GraphQL. Only additions pass.

  npm run contracts:check [-- options]

  --accept REASON   list what breaks REST or GraphQL in apps/gateway/released/accepted-breaks.json, with this reason
  --help            print this help

A break of an event can't be accepted: events stay in their topics, so a new meaning is a new type. The first run builds
oasdiff (it needs Go).`;

const { values } = parseArgs({
  options: { accept: { type: 'string' }, help: { type: 'boolean', default: false } },
});
if (values.help) console.log(HELP);
else process.exitCode = await check(values.accept?.trim());

async function check(reason: string | undefined): Promise<number> {
  const folder = fileURLToPath(new URL('../../../libs/contracts/released', import.meta.url));
  const releases = readdirSync(folder).map(
    (name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Release,
  );
  const ofEvents = releases.flatMap((release) => breakingChanges(release, events));
  const released = lastReleasedApi();
  const accepted = new Set(acceptances().flatMap(({ breaks }) => breaks));
  const ofApi = apiBreaks(released, await currentApi());
  const unexpected = ofApi.filter((text) => !accepted.has(text));
  if (reason && unexpected.length > 0 && ofEvents.length === 0) {
    accept({ reason, breaks: unexpected });
    console.log(`${unexpected.length} changes are accepted: ${reason}`);
    return 0;
  }
  if (ofEvents.length + unexpected.length > 0) {
    console.error([...ofEvents, ...unexpected].join('\n'));
    console.error(
      `${ofEvents.length} changes of events and ${unexpected.length} of the API break ${released.version}. Make them additive; a break of the API that is intended: npm run contracts:check -- --accept "reason", and list it in CHANGELOG.md.`,
    );
    return 1;
  }
  console.log(
    `Events, REST and GraphQL are compatible with ${released.version}, except for ${ofApi.length} accepted changes.`,
  );
  return 0;
}
