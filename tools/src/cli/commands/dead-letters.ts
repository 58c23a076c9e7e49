import { setTimeout as pause } from 'node:timers/promises';
import { type DeadLetter, type DeadLetterFilter, type DeadLetters, deadLettersOf } from '@roost/messaging';
import { age } from '../age.js';
import { type Call, type Command, Misuse, Refusal, type Row } from '../command.js';
import { confirm, CONFIRMED } from '../confirm.js';
import { eventId } from '../event-id.js';
import { wholeNumber } from '../whole-number.js';
import { findSystem, LOCATION, type ServiceName, servicesOf, withDatabases } from '../system.js';

const WHICH = {
  service: { type: 'string', description: 'of this listening service only' },
  topic: { type: 'string', description: 'of this topic only' },
  key: { type: 'string', description: 'of this key (the id of an aggregate) only' },
  id: { type: 'string', description: 'only this one, by the id of its event' },
} as const;
const ALL = { all: { type: 'boolean', description: 'all of them, where nothing else narrows it' } } as const;
const MOST = 10_000;
const REDRIVEN_WITHIN_MS = 30_000;

export const command: Command = {
  summary: 'Events that a service could not handle, and those that wait behind them.',
  actions: {
    list: {
      summary: 'Lists them in the order in which they will be handled.',
      options: {
        ...WHICH,
        limit: { type: 'string', description: 'at most so many of each service (default: 100)' },
        ...LOCATION,
      },
      run: list,
    },
    show: {
      summary: 'Shows one whole, with its body.',
      operands: '<id>',
      options: { service: WHICH.service, ...LOCATION },
      run: show,
    },
    redrive: {
      summary:
        'Has the service handle them once more: whole keys, each in its order. Do it when the cause is mended.',
      options: { ...WHICH, ...ALL, ...CONFIRMED, ...LOCATION },
      run: redrive,
    },
    discard: {
      summary: 'Gives them up: each counts as handled, and what only waited behind it goes on.',
      options: { ...WHICH, ...ALL, ...CONFIRMED, ...LOCATION },
      run: discard,
    },
  },
};

interface Found {
  service: ServiceName;
  letters: DeadLetters;
  found: DeadLetter[];
}

/** Looks into the databases of the services that are meant; those that have none of these letters are left out. */
async function withLetters(
  { options }: Call,
  limit: number,
  work: (found: Found[]) => Promise<void>,
): Promise<void> {
  const system = findSystem(options);
  const services = servicesOf(options);
  const filter = filterOf(options);
  // Says in one sentence what is wrong with a database.
  await withDatabases(system, services, async () => undefined);
  const opened = await Promise.all(
    services.map(async (service) => ({
      service,
      ...(await deadLettersOf(service, system.databaseUrl(service))),
    })),
  );
  try {
    const found = await Promise.all(
      opened.map(async ({ service, letters }) => ({
        service,
        letters,
        found: await letters.list(filter, limit),
      })),
    );
    await work(found.filter((each) => each.found.length > 0));
  } finally {
    for (const { close } of opened) await close();
  }
}

function filterOf({ id, topic, key }: Call['options']): DeadLetterFilter {
  const one = eventId(id);
  return {
    ...(one === null ? {} : { id: one }),
    ...(topic === undefined ? {} : { topic: String(topic) }),
    ...(key === undefined ? {} : { key: String(key) }),
  };
}

async function list(call: Call): Promise<void> {
  const limit = wholeNumber('limit', call.options.limit, MOST) ?? 100;
  await withLetters(call, limit, async (all) => {
    call.out.result(
      all.flatMap(({ service, found }) => found.map((letter) => plain(service, letter))),
      all.flatMap(({ service, found }) => found.map((letter) => row(service, letter))),
    );
  });
}

async function show(call: Call): Promise<void> {
  const [id] = call.operands;
  if (id === undefined || call.operands.length > 1) throw new Misuse('Say which: the id of its event.');
  const one = { ...call, options: { ...call.options, id } };
  await withLetters(one, 1, async (all) => {
    if (all.length === 0) throw new Refusal(`No service has a dead letter ${id}.`);
    const letters = all.flatMap(({ service, found }) => found.map((letter) => plain(service, letter)));
    const fields = letters.flatMap((letter) =>
      Object.entries(letter).map(([field, value]): Row => ({
        field,
        value: typeof value === 'string' || typeof value === 'number' ? value : JSON.stringify(value),
      })),
    );
    call.out.result(letters, fields);
  });
}

async function redrive(call: Call): Promise<void> {
  narrowed(call);
  await withLetters(call, MOST, async (all) => {
    if (all.length === 0) return call.out.result([], []);
    announce(call, all);
    const keys = new Set(all.flatMap(({ found }) => found.map(({ topic, key }) => `${topic} ${key}`)));
    await confirm(
      `${count(keys.size, 'key')} will be handled again, with all that waits behind`,
      call.options,
    );
    const outcomes = [];
    for (const each of all) {
      const marked = await each.letters.redrive(filterOf(call.options));
      outcomes.push({ service: each.service, marked, ...(await outcomeOf(each)) });
    }
    call.out.result(outcomes, outcomes);
    const idle = outcomes.filter(({ waiting }) => waiting > 0).map(({ service }) => service);
    if (idle.length > 0)
      throw new Refusal(`${idle.join(', ')} has not taken them all up yet: is it running? They stay marked.`);
    const parked = outcomes.reduce((sum, each) => sum + each.parkedAgain, 0);
    if (parked > 0) throw new Refusal(`${count(parked, 'letter')} could not be handled again: see "list".`);
  });
}

/** What became of the letters, once the service has taken them up. */
async function outcomeOf({ letters, found }: Found) {
  const ids = new Set(found.map(({ id }) => id));
  for (const from = performance.now(); ; await pause(100)) {
    const left = (await letters.list({}, MOST)).filter(({ id }) => ids.has(id));
    const waiting = left.filter(({ redriveAt }) => redriveAt !== null).length;
    if (waiting === 0 || performance.now() - from > REDRIVEN_WITHIN_MS) {
      return { handled: ids.size - left.length, parkedAgain: left.length - waiting, waiting };
    }
  }
}

async function discard(call: Call): Promise<void> {
  narrowed(call);
  await withLetters(call, MOST, async (all) => {
    if (all.length === 0) return call.out.result([], []);
    announce(call, all);
    const total = all.reduce((sum, { found }) => sum + found.length, 0);
    await confirm(`${count(total, 'event')} will never be handled by ${names(all)}`, call.options);
    const outcomes = [];
    for (const { service, letters, found } of all) {
      let discarded = 0;
      // The last of a key first, so that none goes on before it is given up too.
      for (const { id } of found.toReversed()) if (await letters.discard(id)) discarded += 1;
      outcomes.push({ service, discarded });
    }
    call.out.result(outcomes, outcomes);
  });
}

function narrowed({ options }: Call): void {
  const { all, service, topic, key, id } = options;
  if (all !== true && service === undefined && topic === undefined && key === undefined && id === undefined)
    throw new Misuse('Say which by --service, --topic, --key or --id, or say --all.');
}

function announce({ out }: Call, all: Found[]): void {
  for (const { service, found } of all) {
    for (const letter of found.slice(0, 20))
      out.progress(`  ${service}  ${letter.type}  ${letter.key}  ${letter.code ?? 'waits behind another'}`);
    if (found.length > 20) out.progress(`  ${service}  and ${found.length - 20} more`);
  }
}

const count = (number: number, what: string) => `${number} ${what}${number === 1 ? '' : 's'}`;
const names = (all: Found[]) => all.map(({ service }) => service).join(', ');

const row = (service: string, letter: DeadLetter): Row => ({
  service,
  id: letter.id,
  type: letter.type,
  key: letter.key,
  code: letter.code ?? (letter.redriveAt ? 'being redriven' : 'waits'),
  tries: letter.tries,
  parked: age((Date.now() - new Date(letter.parkedAt).getTime()) / 1000),
});

function plain(service: string, { data, position: _, ...letter }: DeadLetter) {
  return { service, ...letter, body: bodyOf(data) };
}

/** What can't be read as JSON is shown as it came. */
function bodyOf(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    return data;
  }
}
