import { setTimeout as pause } from 'node:timers/promises';
import {
  type DeadLetterFilter,
  type DeadLetterSummary,
  type EventOperations,
  readBody,
} from '@roost/messaging';
import { age } from '../age.js';
import { type Call, type Command, UsageError, OperatorError, type Row } from '../command.js';
import { confirm, CONFIRMED } from '../confirm.js';
import { eventId } from '../event-id.js';
import { audited, withEventOperations } from '../event-operations.js';
import { wholeNumber } from '../whole-number.js';
import { findSystem, LOCATION, type ServiceName, servicesOf } from '../system.js';

const WHICH = {
  service: { type: 'string', description: 'only those of this consumer' },
  topic: { type: 'string', description: 'only those of this topic' },
  key: { type: 'string', description: 'only those of this key (the id of an aggregate)' },
  type: { type: 'string', description: 'only those of this event type, such as booking.confirmed' },
  code: { type: 'string', description: 'only those that failed with this error code' },
  id: { type: 'string', description: 'only the one of this event' },
} as const;
const ALL = {
  all: { type: 'boolean', description: 'all of them, if no other option selects some' },
} as const;
const MOST = 10_000;
const REDRIVEN_WITHIN_MS = 30_000;

export const command: Command = {
  summary: 'Events that a service could not handle, and the events that wait behind them.',
  actions: {
    list: {
      summary: 'Lists them in the order in which they are handled.',
      options: {
        ...WHICH,
        limit: { type: 'string', description: 'the most per service (default: 100)' },
        ...LOCATION,
      },
      run: list,
    },
    show: {
      summary: 'Shows one with its body.',
      operands: '<id>',
      options: { service: WHICH.service, ...LOCATION },
      run: show,
    },
    redrive: {
      summary: 'Lets the service handle them again: whole keys, each in order. Fix the cause first.',
      options: { ...WHICH, ...ALL, ...CONFIRMED, ...LOCATION },
      run: redrive,
    },
    discard: {
      summary: 'Discards them: each counts as handled, and events that only waited behind it are handled.',
      options: { ...WHICH, ...ALL, ...CONFIRMED, ...LOCATION },
      run: discard,
    },
  },
};

interface Found extends EventOperations {
  service: ServiceName;
  found: DeadLetterSummary[];
}

/** Runs `work` with the dead letters that the options select, without the services that have none. */
async function withDeadLetters(
  { options }: Call,
  limit: number,
  work: (found: Found[]) => Promise<void>,
): Promise<void> {
  const filter = filterOf(options);
  const selected = servicesOf(options);
  await withEventOperations(findSystem(options), selected, async (services) => {
    const found = await Promise.all(
      [...services].map(async ([service, operations]) => ({
        service,
        ...operations,
        found: await operations.deadLetters.list(filter, limit),
      })),
    );
    await work(found.filter((each) => each.found.length > 0));
  });
}

function filterOf({ id, ...options }: Call['options']): DeadLetterFilter {
  const one = eventId(id);
  const given = (['topic', 'key', 'type', 'code'] as const).filter((name) => options[name] !== undefined);
  return {
    ...(one === null ? {} : { id: one }),
    ...Object.fromEntries(given.map((name) => [name, String(options[name])])),
  };
}

async function list(call: Call): Promise<void> {
  const limit = wholeNumber('limit', call.options.limit, MOST) ?? 100;
  await withDeadLetters(call, limit, async (all) => {
    call.out.result(
      all.flatMap(({ service, found }) =>
        found.map(({ position: _, ...letter }) => ({ service, ...letter })),
      ),
      all.flatMap(({ service, found }) => found.map((letter) => row(service, letter))),
    );
  });
}

async function show(call: Call): Promise<void> {
  const [id] = call.operands;
  if (id === undefined || call.operands.length > 1) throw new UsageError('Pass the id of its event.');
  const one = { ...call, options: { ...call.options, id } };
  await withDeadLetters(one, 1, async (all) => {
    if (all.length === 0) throw new OperatorError(`No service has a dead letter ${id}.`);
    const letters = [];
    for (const each of all) letters.push(await read(each, id));
    const fields = letters.flatMap((letter) =>
      Object.entries(letter).map(([field, value]): Row => ({
        field,
        value: typeof value === 'string' || typeof value === 'number' ? value : JSON.stringify(value),
      })),
    );
    call.out.result(letters, fields);
  });
}

/** One with its body, which may be personal: the read is recorded. */
async function read({ service, ...operations }: Found, id: string) {
  const letter = await audited(
    operations,
    { action: 'dead_letter.read', subject: { type: 'event', id }, reason: 'roost dead-letters show' },
    () => operations.deadLetters.find(id),
  );
  if (!letter) throw new OperatorError(`${service} has no dead letter ${id} any more.`);
  const { data: _data, position: _position, ...shown } = letter;
  return { service, ...shown, body: readBody(letter) };
}

async function redrive(call: Call): Promise<void> {
  requireSelection(call);
  await withDeadLetters(call, MOST, async (all) => {
    if (all.length === 0) return call.out.result([], []);
    preview(call, all);
    const keys = new Set(all.flatMap(({ found }) => found.map(({ topic, key }) => `${topic} ${key}`)));
    await confirm(
      `${count(keys.size, 'key')} will be handled again, with all events that wait behind`,
      call.options,
    );
    const outcomes = [];
    const filter = filterOf(call.options);
    for (const each of all) {
      const subject = filter.id ? { type: 'event', id: filter.id } : { type: 'service', id: each.service };
      const marked = await audited(
        each,
        { action: 'dead_letter.redrive', subject, reason: 'roost dead-letters redrive', details: { filter } },
        () => each.deadLetters.redrive(filter),
      );
      outcomes.push({ service: each.service, marked, ...(await outcomeOf(each)) });
    }
    call.out.result(outcomes, outcomes);
    const idle = outcomes.filter(({ waiting }) => waiting > 0).map(({ service }) => service);
    if (idle.length > 0)
      throw new OperatorError(
        `${idle.join(', ')} has not handled all of them yet: is it running? They stay marked for redrive.`,
      );
    const parked = outcomes.reduce((sum, each) => sum + each.parkedAgain, 0);
    if (parked > 0)
      throw new OperatorError(`${count(parked, 'dead letter')} could not be handled again: see "list".`);
  });
}

/** The outcome, after the service has handled the dead letters or the deadline has passed. */
async function outcomeOf({ deadLetters, found }: Found) {
  const ids = new Set(found.map(({ id }) => id));
  for (const from = performance.now(); ; await pause(100)) {
    const left = (await deadLetters.list({}, MOST)).filter(({ id }) => ids.has(id));
    const waiting = left.filter(({ redriveAt }) => redriveAt !== null).length;
    if (waiting === 0 || performance.now() - from > REDRIVEN_WITHIN_MS) {
      return { handled: ids.size - left.length, parkedAgain: left.length - waiting, waiting };
    }
  }
}

async function discard(call: Call): Promise<void> {
  requireSelection(call);
  await withDeadLetters(call, MOST, async (all) => {
    if (all.length === 0) return call.out.result([], []);
    preview(call, all);
    const total = all.reduce((sum, { found }) => sum + found.length, 0);
    await confirm(`${count(total, 'event')} will not be handled by ${names(all)}`, call.options);
    const outcomes = [];
    for (const each of all) {
      let discarded = 0;
      // The last of a key first, so that none is handled before it is discarded too.
      for (const { id } of each.found.toReversed()) {
        const subject = { type: 'event', id };
        const isDiscarded = await audited(
          each,
          { action: 'dead_letter.discard', subject, reason: 'roost dead-letters discard' },
          () => each.deadLetters.discard(id),
        );
        if (isDiscarded) discarded += 1;
      }
      outcomes.push({ service: each.service, discarded });
    }
    call.out.result(outcomes, outcomes);
  });
}

function requireSelection({ options }: Call): void {
  if (options.all !== true && Object.keys(WHICH).every((name) => options[name] === undefined))
    throw new UsageError(
      'Select some with --service, --topic, --key, --type, --code or --id, or all with --all.',
    );
}

function preview({ out }: Call, all: Found[]): void {
  for (const { service, found } of all) {
    for (const letter of found.slice(0, 20))
      out.progress(`  ${service}  ${letter.type}  ${letter.key}  ${letter.code ?? 'waits behind another'}`);
    if (found.length > 20) out.progress(`  ${service}  and ${found.length - 20} more`);
  }
}

const count = (number: number, what: string) => `${number} ${what}${number === 1 ? '' : 's'}`;
const names = (all: Found[]) => all.map(({ service }) => service).join(', ');

const row = (service: string, letter: DeadLetterSummary): Row => ({
  service,
  id: letter.id,
  type: letter.type,
  key: letter.key,
  code: letter.code ?? (letter.redriveAt ? 'being redriven' : 'waits'),
  tries: letter.tries,
  parked: age((Date.now() - new Date(letter.parkedAt).getTime()) / 1000),
});
