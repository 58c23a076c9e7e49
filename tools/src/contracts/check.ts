import { parseArgs } from 'node:util';
import { contractBreaks } from './contract-breaks.js';
import { accept } from './released-api.js';

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
  const { version, events, api, accepted } = await contractBreaks();
  if (reason && api.length > 0 && events.length === 0) {
    accept({ reason, breaks: api });
    console.log(`${api.length} changes are accepted: ${reason}`);
    return 0;
  }
  if (events.length + api.length > 0) {
    console.error([...events, ...api].join('\n'));
    console.error(
      `${events.length} changes of events and ${api.length} of the API break ${version}. Make them additive; a break of the API that is intended: npm run contracts:check -- --accept "reason", and list it in CHANGELOG.md.`,
    );
    return 1;
  }
  console.log(
    `Events, REST and GraphQL are compatible with ${version}, except for ${accepted} accepted changes.`,
  );
  return 0;
}
