import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { breakingChanges, type Release, releaseOf } from './compatibility.js';
import { type EventDefinition, topic } from './define.js';
import { events, type EventType, parseEvent } from './index.js';

const folder = join(import.meta.dirname, '../released');
const releases = readdirSync(folder).map(
  (name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Release,
);

describe('the contracts', () => {
  test('have a release to compare with', () => {
    expect(releases.length).toBeGreaterThan(0);
  });

  test.each(releases)('are compatible with $version', (released) => {
    expect(breakingChanges(released, events)).toEqual([]);
  });

  test.each(
    releases.flatMap(({ version, events: before }) =>
      Object.entries(before).map(([type, { example }]) => ({ type, version, example })),
    ),
  )('accept a $type of $version', ({ type, example }) => {
    expect(parseEvent(type as EventType, example)).toMatchObject(example as object);
  });
});

const base = {
  noteId: z.string(),
  state: z.enum(['open', 'closed']),
  text: z.string().max(100),
  tags: z.array(z.string()).max(5),
  rank: z.int().min(1).max(10),
  owner: z.object({ name: z.string(), age: z.int().optional() }),
  endsAt: z.iso.datetime().nullable(),
  counts: z.record(z.string(), z.int()),
  hint: z.string().optional(),
};
type Shape = Record<string, z.ZodType> & { noteId: z.ZodType<string> };

const notes = (shape: Shape = base, types: Record<string, z.ZodRawShape> = { 'note.changed': {} }) =>
  topic({ topic: 'notes.note', kind: 'state', key: 'noteId', personal: ['text'] }, shape, types);
const changed = (changes: Record<string, z.ZodType>) => notes({ ...base, ...changes });
const { text: _text, ...textless } = base;
const other = (changes: Partial<EventDefinition>): Record<string, EventDefinition> => {
  const { 'note.changed': definition } = notes();
  return { 'note.changed': { ...(definition as EventDefinition), ...changes } };
};

const released = releaseOf('1.0.0', notes(), {});
const since = (definitions: Record<string, EventDefinition>) => breakingChanges(released, definitions);

test('an unchanged contract is compatible', () => {
  expect(since(notes())).toEqual([]);
});

const additions: [name: string, definitions: Record<string, EventDefinition>][] = [
  ['another event', notes(base, { 'note.changed': {}, 'note.deleted': {} })],
  ['an optional field', changed({ colour: z.string().optional() })],
  ['a field with a default', changed({ colour: z.string().default('red') })],
  ['an optional nested field', changed({ owner: base.owner.extend({ city: z.string().optional() }) })],
  ['another optional field in a list', changed({ tags: z.array(z.string()).max(5) })],
  ['a description', changed({ text: base.text.describe('The text of the note') })],
  ['a higher version', other({ version: 2 })],
  ['another personal field', other({ personal: ['text', 'owner'] })],
];
test.each(additions)('%s is compatible', (_, definitions) => {
  expect(since(definitions)).toEqual([]);
});

const breaks: [name: string, definitions: Record<string, EventDefinition>, reason: RegExp][] = [
  ['an event removed', notes(base, { 'note.deleted': {} }), /note\.changed is missing/],
  ['another topic', other({ topic: 'notes.text' }), /another topic: it was notes\.note and is notes\.text/],
  ['another key', other({ key: 'owner' }), /another key/],
  ['a state event made a fact', other({ kind: 'fact' }), /another kind: it was state and is fact/],
  ['a lower version', other({ version: 0 }), /has version 0: it was 1/],
  [
    'a personal field no longer declared',
    other({ personal: [] }),
    /no longer declares text as personal data/,
  ],
  ['a field removed', notes(textless), /a service of 1\.0\.0 would reject it: \/text is missing/],
  ['another required field', changed({ colour: z.string() }), /an event of 1\.0\.0 .* \/colour is missing/],
  ['a field renamed', notes({ ...base, hint: z.string() }), /an event of 1\.0\.0 .* \/hint may be missing/],
  ['a field made optional', changed({ text: base.text.optional() }), /\/text may be missing/],
  ['another type', changed({ rank: z.string() }), /\/rank may be integer and must be string/],
  ['an integer made a number', changed({ rank: z.number().min(1).max(10) }), /\/rank may be number and must/],
  ['null allowed', changed({ text: base.text.nullable() }), /a service .* \/text may be null/],
  ['null no longer allowed', changed({ endsAt: z.iso.datetime() }), /an event .* \/endsAt may be null/],
  ['an enum value removed', changed({ state: z.enum(['open']) }), /an event .* \/state may be "closed"/],
  ['an enum value added', changed({ state: z.enum(['open', 'closed', 'lost']) }), /a service .* "lost"/],
  ['an enum made free text', changed({ state: z.string() }), /any string and must be one of open, closed/],
  ['a tighter bound', changed({ rank: z.int().min(2).max(10) }), /an event .* \/rank has minimum 1 and must/],
  [
    'a looser bound',
    changed({ rank: z.int().min(1).max(99) }),
    /a service .* \/rank has maximum 99 and must/,
  ],
  ['a bound removed', changed({ text: z.string() }), /\/text has maxLength none and must keep 100/],
  ['a bound added', changed({ hint: z.string().min(1).optional() }), /an event .* \/hint has minLength none/],
  ['a longer list', changed({ tags: z.array(z.string()).max(9) }), /\/tags has maxItems 9 and must keep 5/],
  ['other items', changed({ tags: z.array(z.int()).max(5) }), /\/tags\/\* may be string and must be integer/],
  ['another format', changed({ endsAt: z.iso.date().nullable() }), /\/endsAt must have format/],
  [
    'a format added',
    changed({ noteId: z.uuid() }),
    /an event .* \/noteId must have format "uuid" and has none/,
  ],
  [
    'a format removed',
    changed({ endsAt: z.string().nullable() }),
    /a service .* must have format "date-time"/,
  ],
  ['a pattern added', changed({ hint: z.string().regex(/^a/).optional() }), /\/hint must have pattern "\^a"/],
  ['a nested field removed', changed({ owner: z.object({}) }), /\/owner\/name is missing/],
  [
    'an optional nested field made required',
    changed({ owner: z.object({ name: z.string(), age: z.int() }) }),
    /\/owner\/age may be missing/,
  ],
  ['a map of other values', changed({ counts: z.record(z.string(), z.string()) }), /\/counts\/\* may be/],
  ['a map made an object', changed({ counts: z.object({}) }), /\/counts is no longer a map of values/],
];
test.each(breaks)('%s is incompatible', (_, definitions, reason) => {
  expect(since(definitions).join('\n')).toMatch(reason);
});

test('a keyword that the check can not compare must stay the same', () => {
  expect(since(changed({ rank: z.int().min(1).max(10).multipleOf(2) }))).toEqual([
    expect.stringMatching(
      /an event of 1\.0\.0 would be rejected: \/rank must have multipleOf 2 and has none/,
    ),
  ]);
});
