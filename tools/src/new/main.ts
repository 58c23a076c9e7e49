import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { addError } from './error.js';
import { addEvent } from './event.js';
import { addFeature } from './feature.js';
import { Workspace, WrongCall } from './workspace.js';

const HELP = `Adds a feature, an event or an error, with everything that must change with it.

  npm run new -- feature SERVICE/NOUN    routes, use cases, statements, table and spec, such as bookings/damage-claim
  npm run new -- event NOUN.PARTICIPLE   an event of an existing topic, such as booking.archived
  npm run new -- error NOUN.REASON       an error code and its page, such as booking.too_short

Options of "error":

  --title TEXT      the title of the problem, such as "The stay is too short"
  --what TEXT       its page: what happened
  --fix TEXT        its page: how to fix it
  --status NUMBER   the HTTP status (default 409)
  --service NAME    the service, if it has no error of this noun yet

  --help            this text

Nothing is written when a name is wrong or taken; the exit code is then 2.`;

const NEXT = {
  feature: 'Next: npm run docs, then npm test -- with the new spec.',
  event: 'Next: add its fields in libs/contracts/src and its fixture, then npm run docs.',
  error: 'Next: npm run docs, then throw new Problem with the code.',
};

type Kind = keyof typeof NEXT;

async function main(): Promise<void> {
  const { values, positionals } = read();
  if (values.help) return console.log(HELP);
  const [kind, name, ...rest] = positionals;
  if (!isKind(kind))
    throw new WrongCall(`Say what to add: feature, event or error (see npm run new -- --help).`);
  if (name === undefined || rest.length > 0)
    throw new WrongCall(`"npm run new -- ${kind}" takes one name (see npm run new -- --help).`);
  const workspace = new Workspace(fileURLToPath(new URL('../../../', import.meta.url)));
  if (kind === 'feature') addFeature(workspace, name);
  else if (kind === 'event') addEvent(workspace, name);
  else
    addError(workspace, {
      code: name,
      status: Number(values.status),
      service: values.service,
      ...textsOf(values),
    });
  for (const { path, created } of await workspace.write())
    console.log(`${created ? 'created' : 'changed'}  ${path}`);
  console.log(NEXT[kind]);
}

function read() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        title: { type: 'string' },
        what: { type: 'string' },
        fix: { type: 'string' },
        status: { type: 'string', default: '409' },
        service: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (error) {
    throw new WrongCall((error as Error).message);
  }
}

const isKind = (text: string | undefined): text is Kind => text !== undefined && Object.hasOwn(NEXT, text);

function textsOf({ title, what, fix }: { title?: string; what?: string; fix?: string }) {
  if (!title?.trim() || !what?.trim() || !fix?.trim())
    throw new WrongCall('An error needs --title, --what and --fix: clients and its page show them.');
  return { title, what, fix };
}

try {
  await main();
} catch (error) {
  if (!(error instanceof WrongCall)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
