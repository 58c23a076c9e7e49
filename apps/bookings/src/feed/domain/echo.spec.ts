import type { DateRange } from '@roost/stay';
import { type EventState, stateOf } from './echo.js';

const june = (from: number, to: number): DateRange => ({ from: `2027-06-${from}`, to: `2027-06-${to}` });
const stays = [june(10, 14), june(14, 17), june(20, 24)];

test.each<[string, DateRange, EventState]>([
  ['nights without a stay', june(25, 28), 'blocking'],
  ['nights from the check-out of a stay', june(17, 20), 'blocking'],
  ['a stay', june(10, 14), 'echo'],
  ['a part of a stay', june(11, 13), 'echo'],
  ['two adjacent stays as one event', june(10, 17), 'echo'],
  ['a part of two adjacent stays', june(13, 15), 'echo'],
  ['a stay with one more night at the start', june(19, 24), 'clash'],
  ['a stay with one more night at the end', june(20, 25), 'clash'],
  ['two stays and an available night between them', june(15, 21), 'clash'],
])('classifies %s', (_, event, state) => expect(stateOf({ ...event, own: false }, stays, stays)).toBe(state));

test('exported nights beside a stay are an echo with the stay and blocking without it', () => {
  const exported = [...stays, june(18, 20), june(24, 25)];
  expect(stateOf({ ...june(18, 25), own: false }, stays, exported)).toBe('echo');
  expect(stateOf({ ...june(17, 25), own: false }, stays, exported)).toBe('clash');
  expect(stateOf({ ...june(18, 20), own: false }, stays, exported)).toBe('blocking');
});

test('an event with an own UID is always an echo', () => {
  expect(stateOf({ ...june(25, 28), own: true }, stays, stays)).toBe('echo');
  expect(stateOf({ ...june(20, 25), own: true }, stays, stays)).toBe('echo');
});
