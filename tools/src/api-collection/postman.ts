/** The part of Postman's collection format 2.1 that is used. Bruno, Insomnia and Hoppscotch import it as well. */
export interface Item {
  name: string;
  item?: Item[];
  request?: object;
  event?: { listen: 'prerequest' | 'test'; script: { type: 'text/javascript'; exec: string[] } }[];
}

export interface RequestOptions {
  name: string;
  method: string;
  /** With variables, such as `/v1/bookings/{{bookingId}}`. */
  path: string;
  query?: Record<string, string>;
  /** The variable with the access token. */
  token?: string;
  body?: unknown;
  /** The expected status, or the expected statuses. */
  status?: number | readonly number[];
  /** Lines that run before the request. */
  before?: string[];
  /** Lines that run after a response with the expected status. */
  script?: string[];
  /** An expression: the request is repeated while it is true, up to a minute. */
  repeatWhile?: string;
}

const REPETITIONS = 120;
const PAUSE_MS = 500;

export function request(options: RequestOptions): Item {
  const { name, method, path, query = {}, token, body } = options;
  const search = Object.entries(query).map(([key, value]) => ({ key, value }));
  const text = search.map(({ key, value }) => `${key}=${value}`).join('&');
  const header = body === undefined ? [] : [{ key: 'Content-Type', value: 'application/json' }];
  return {
    name,
    request: {
      method,
      header,
      auth: token
        ? { type: 'bearer', bearer: [{ key: 'token', value: `{{${token}}}`, type: 'string' }] }
        : { type: 'noauth' },
      url: {
        raw: `{{url}}${path}${text ? `?${text}` : ''}`,
        host: ['{{url}}'],
        path: path.slice(1).split('/'),
        ...(search.length > 0 ? { query: search } : {}),
      },
      ...(body === undefined
        ? {}
        : {
            body: { mode: 'raw', raw: JSON.stringify(body, null, 2), options: { raw: { language: 'json' } } },
          }),
    },
    ...eventsOf(options),
  };
}

function eventsOf({ status, before = [], script = [], repeatWhile }: RequestOptions): Pick<Item, 'event'> {
  const expected = expectation(status, script);
  const lines = repeatWhile ? repetition(repeatWhile, expected) : expected;
  const event: NonNullable<Item['event']> = [];
  if (before.length > 0)
    event.push({ listen: 'prerequest', script: { type: 'text/javascript', exec: before } });
  if (lines.length > 0) event.push({ listen: 'test', script: { type: 'text/javascript', exec: lines } });
  return event.length > 0 ? { event } : {};
}

function expectation(status: RequestOptions['status'], script: string[]): string[] {
  if (status === undefined) return script;
  const allowed = typeof status === 'number' ? [status] : status;
  return [
    `pm.test('status ${allowed.join(' or ')}', () => pm.expect(pm.response.code, pm.response.text()).to.be.oneOf(${JSON.stringify(allowed)}));`,
    ...script,
  ];
}

const repetition = (condition: string, otherwise: string[]) => [
  "const times = Number(pm.collectionVariables.get('repetitions') || 0);",
  `if (times < ${REPETITIONS} && (${condition})) {`,
  "  pm.collectionVariables.set('repetitions', times + 1);",
  '  pm.execution.setNextRequest(pm.info.requestName);',
  '  // The next request waits until this timer has ended.',
  `  setTimeout(() => undefined, ${PAUSE_MS});`,
  '} else {',
  "  pm.collectionVariables.unset('repetitions');",
  ...otherwise.map((line) => `  ${line}`),
  '}',
];
