import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { type EventBody, events, type EventType, isEventType, parseEvent } from '@roost/contracts';
import type { TestService } from './test-service.js';

const folder = new URL('../../contracts/fixtures/', import.meta.url);
const read = new Map<EventType, unknown>();

/** The fixture of an event. Consumers are tested with it, and the events of producers are compared with it. */
export function golden<T extends EventType>(type: T): EventBody<T> {
  if (!read.has(type)) read.set(type, JSON.parse(readFileSync(new URL(`${type}.json`, folder), 'utf8')));
  return structuredClone(read.get(type)) as EventBody<T>;
}

/**
 * The differences of a published body from its fixture and schema, at any depth: a field of the fixture is missing, or the
 * schema drops or rejects a part of it. Empty if there are none.
 */
export function goldenDifferences(type: string, body: unknown): string[] {
  if (!isEventType(type)) return [`${type} is not an event`];
  const lacking = lacks(golden(type), body, '').map((at) => `${type} lacks ${at}`);
  try {
    const parsed = parseEvent(type, body);
    if (isDeepStrictEqual(parsed, body)) return lacking;
    return [
      ...lacking,
      ...lacks(body, parsed, '').map((at) => `${type} has ${at}, which is not in the contract`),
    ];
  } catch (error) {
    return [...lacking, `${type} is rejected: ${String(error)}`];
  }
}

/** Objects whose keys are data. */
const MAPS = new Set(['categorySums', 'minNightsByWeekday']);

/** Pointers to the parts of `sample` that `value` lacks. An item of a list must match one item of the sample. */
function lacks(sample: unknown, value: unknown, at: string): string[] {
  if (sample === null || value === null || typeof sample !== 'object') return [];
  if (Array.isArray(sample)) {
    if (!Array.isArray(value) || sample.length === 0) return Array.isArray(value) ? [] : [at];
    return value.flatMap((item, index) => {
      const differences = sample.map((each) => lacks(each, item, `${at}/${index}`));
      return differences.toSorted((a, b) => a.length - b.length)[0] ?? [];
    });
  }
  if (typeof value !== 'object') return [at];
  return Object.entries(sample).flatMap(([name, inner]) => {
    const found: unknown = Reflect.get(value, name);
    if (found === undefined) return [`${at}/${name}`];
    return MAPS.has(name) ? [] : lacks(inner, found, `${at}/${name}`);
  });
}

/** Expects every event that a service has published to match its fixture. Returns the types of these events. */
export async function expectGolden(service: TestService): Promise<Set<string>> {
  const published = await service.query<{ type: string; body: unknown }>(
    'SELECT type, body FROM outbox_event',
  );
  const differences = published.flatMap(({ type, body }) => goldenDifferences(type, body));
  expect([...new Set(differences)]).toEqual([]);
  return new Set(published.map(({ type }) => type));
}

/** The fields that older events of a type lack, so that consumers must accept events without them. New events have all. */
export function optionalFields(type: EventType): string[] {
  return Object.entries(events[type].schema.shape)
    .filter(([, field]) => field.safeParse(undefined).success)
    .map(([name]) => name);
}
