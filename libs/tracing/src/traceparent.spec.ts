import { formatTraceparent, parseTraceparent, parseTracestate } from './traceparent.js';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';

test.each([
  [`00-${TRACE}-${SPAN}-01`, 1],
  [`00-${TRACE}-${SPAN}-00`, 0],
  // Unknown flags are not passed on.
  [`00-${TRACE}-${SPAN}-ff`, 1],
  [`00-${TRACE}-${SPAN}-02`, 0],
  // The known fields of a later version are read.
  [`01-${TRACE}-${SPAN}-01`, 1],
  [`cc-${TRACE}-${SPAN}-01-later-fields`, 1],
])('parses %s', (header, traceFlags) => {
  const parent = parseTraceparent(header);
  expect(parent).toEqual({ traceId: TRACE, spanId: SPAN, traceFlags, isRemote: true });
  expect(formatTraceparent(parent!)).toBe(`00-${TRACE}-${SPAN}-0${traceFlags}`);
});

test.each([
  undefined,
  null,
  7,
  ['00'],
  '',
  'none',
  `00-${TRACE}-${SPAN}`,
  `00-${TRACE}-${SPAN}-01-`,
  `00-${TRACE}-${SPAN}-01-more`,
  `ff-${TRACE}-${SPAN}-01`,
  `00-${TRACE.toUpperCase()}-${SPAN}-01`,
  `00-${TRACE.slice(1)}-${SPAN}-01`,
  `00-${'0'.repeat(32)}-${SPAN}-01`,
  `00-${TRACE}-${'0'.repeat(16)}-01`,
  `00-${TRACE}-${SPAN}-1`,
  ` 00-${TRACE}-${SPAN}-01`,
  `00-${TRACE}-${SPAN}-01, 00-${TRACE}-${SPAN}-01`,
  `01-${TRACE}-${SPAN}-01-${'x'.repeat(300)}`,
])('rejects %j as a traceparent', (header) => {
  expect(parseTraceparent(header)).toBeNull();
});

test('passes a tracestate on if it is within the limits of the standard', () => {
  expect(parseTracestate('vendor=a:1, tenant@other=b')).toBe('vendor=a:1,tenant@other=b');
  expect(parseTraceparent(`00-${TRACE}-${SPAN}-01`, 'vendor=a')?.traceState?.get('vendor')).toBe('a');
  expect(parseTraceparent(`00-${TRACE}-${SPAN}-01`, 'vendor')?.traceState).toBeUndefined();
});

test.each([
  undefined,
  '',
  ' , ',
  'no-value',
  '=value',
  'Upper=1',
  'a=1,a=2',
  `a=${'x'.repeat(257)}`,
  Array.from({ length: 33 }, (_, n) => `k${n}=1`).join(','),
  Array.from({ length: 20 }, (_, n) => `k${n}=${'x'.repeat(30)}`).join(','),
  'a=\u0007',
  ['a=1'],
])('rejects %j as a tracestate', (header) => {
  expect(parseTracestate(header)).toBeNull();
});
