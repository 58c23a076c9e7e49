import { formatEvent, positionId, resumablePosition } from './event-stream.js';

const now = new Date('2027-03-02T12:00:00Z');

test('a position can be resumed for 24 hours', () => {
  const id = positionId({ sequence: 42, at: new Date('2027-03-01T12:00:01Z') });
  expect(resumablePosition(id, now)).toEqual({ sequence: 42, at: new Date('2027-03-01T12:00:01Z') });
  expect(
    resumablePosition(positionId({ sequence: 42, at: new Date('2027-03-01T12:00:00Z') }), now),
  ).toBeNull();
});

test.each(['', '42', '-', '42-', '1e3-1804000000', '42-99999999999999', '9'.repeat(40), '42-1804000000\n'])(
  'the position %j is none',
  (id) => {
    expect(resumablePosition(id, now)).toBeNull();
  },
);

test('an event has one line of data, whatever its texts contain', () => {
  const event = { event: 'ready', position: { sequence: 7, at: now }, data: { text: 'a\n\nevent: b' } };
  expect(formatEvent(event)).toBe('event: ready\nid: 7-1803988800\ndata: {"text":"a\\n\\nevent: b"}\n\n');
});
