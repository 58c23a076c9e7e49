import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { type EventBody, events, type EventType, isEventType, parseEvent } from '@roost/contracts';
import type { TestService } from './test-service.js';

const folder = new URL('../../contracts/fixtures/', import.meta.url);
const read = new Map<EventType, unknown>();

/** The fixture of an event: what consumers are tested with, and producers are held to. */
export function golden<T extends EventType>(type: T): EventBody<T> {
  if (!read.has(type)) read.set(type, JSON.parse(readFileSync(new URL(`${type}.json`, folder), 'utf8')));
  return structuredClone(read.get(type)) as EventBody<T>;
}

/**
 * How a body that was published differs from what was agreed, at any depth: it lacks what the fixture has, or its schema
 * would drop or refuse a part of it. Empty where it does not.
 */
export function unlikeGolden(type: string, body: unknown): string[] {
  if (!isEventType(type)) return [`${type} is no event`];
  const lacking = lacks(golden(type), body, '').map((at) => `${type} lacks ${at}`);
  try {
    const parsed = parseEvent(type, body);
    if (isDeepStrictEqual(parsed, body)) return lacking;
    return [
      ...lacking,
      ...lacks(body, parsed, '').map((at) => `${type} says ${at}, of which no contract knows`),
    ];
  } catch (error) {
    return [...lacking, `${type} is refused: ${String(error)}`];
  }
}

/** Their keys are data. */
const MAPS = new Set(['categorySums', 'minNightsByWeekday']);

/** Pointers to what `value` lacks of `sample`. An item of a list has to be like one of the sample's. */
function lacks(sample: unknown, value: unknown, at: string): string[] {
  if (sample === null || value === null || typeof sample !== 'object') return [];
  if (Array.isArray(sample)) {
    if (!Array.isArray(value) || sample.length === 0) return Array.isArray(value) ? [] : [at];
    return value.flatMap((item, index) => {
      const unlike = sample.map((each) => lacks(each, item, `${at}/${index}`));
      return unlike.toSorted((a, b) => a.length - b.length)[0] ?? [];
    });
  }
  if (typeof value !== 'object') return [at];
  return Object.entries(sample).flatMap(([name, inner]) => {
    const found: unknown = Reflect.get(value, name);
    if (found === undefined) return [`${at}/${name}`];
    return MAPS.has(name) ? [] : lacks(inner, found, `${at}/${name}`);
  });
}

/** Everything that a service has published so far is like its fixture; gives back which types that were. */
export async function expectLikeGolden(service: TestService): Promise<Set<string>> {
  const told = await service.query<{ type: string; body: unknown }>('SELECT type, body FROM outbox_event');
  const unlike = told.flatMap(({ type, body }) => unlikeGolden(type, body));
  expect([...new Set(unlike)]).toEqual([]);
  return new Set(told.map(({ type }) => type));
}

/** Fields of an event that a consumer must do without, since older ones lack them; what is published today has them all. */
export function optionalFields(type: EventType): string[] {
  return Object.entries(events[type].schema.shape)
    .filter(([, field]) => field.safeParse(undefined).success)
    .map(([name]) => name);
}
