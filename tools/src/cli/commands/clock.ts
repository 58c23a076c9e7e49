import { runningInstance } from '@roost/app-standalone/composition';
import { type Action, type Call, type Command, UsageError, OperatorError } from '../command.js';
import { dataDirOf, LOCATION } from '../system.js';

const URL_OPTION = {
  url: {
    type: 'string',
    description:
      'the address of the gateway (default: that of the instance on the data folder, or PUBLIC_URL)',
  },
  ...LOCATION,
} as const;

const mover = (summary: string, operands: string | undefined, body: (call: Call) => object): Action => ({
  summary,
  ...(operands ? { operands } : {}),
  options: URL_OPTION,
  run: (call) => move(call, body(call)),
});

export const command: Command = {
  summary: 'The domain clock of a development installation.',
  actions: {
    show: mover('Prints the domain time.', undefined, () => ({ advance: 'PT0S' })),
    advance: mover(
      'Advances it by a duration; work that becomes due is processed at once.',
      '<P3D>',
      (call) => ({
        advance: operand(call, 'a duration such as P3D or PT15M'),
      }),
    ),
    set: mover('Sets it to an instant.', '<2027-05-01T13:00:00Z>', (call) => ({
      set: operand(call, 'an instant such as 2027-05-01T13:00:00Z'),
    })),
    reset: mover('Sets it back to the real time.', undefined, () => ({ reset: true })),
  },
};

function operand({ operands }: Call, what: string): string {
  const [value] = operands;
  if (value === undefined || operands.length > 1) throw new UsageError(`Pass ${what}.`);
  return value;
}

async function move({ options, out }: Call, body: object): Promise<void> {
  const gateway = String(options.url ?? gatewayAddress(options));
  if (!URL.canParse(gateway))
    throw new UsageError(`"${gateway}" is not an address such as http://localhost:3000.`);
  const response = await fetch(new URL('/dev/clock', gateway), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(30_000),
  }).catch(() => null);
  if (!response)
    throw new OperatorError(
      `Nothing responds at ${gateway}: start Roost with "npm start", or pass its address with --url.`,
    );
  if (response.status === 404)
    throw new OperatorError(
      `The clock at ${gateway} can't be moved: it is in production, or it is not a gateway.`,
    );
  const result = (await response.json()) as { now?: string; errors?: { detail: string }[]; title?: string };
  if (result.now === undefined) {
    throw new OperatorError(
      result.errors?.[0]?.detail ?? result.title ?? `The response was ${response.status}.`,
    );
  }
  const aheadSeconds = Math.round((Date.parse(result.now) - Date.now()) / 1000);
  out.result({ now: result.now, aheadSeconds }, [{ now: result.now, 'ahead by': ahead(aheadSeconds) }]);
}

/** The instance on the data folder; else PUBLIC_URL. A default address could be the gateway of another instance. */
function gatewayAddress(options: Call['options']): string {
  const dataDir = dataDirOf(options);
  const port = runningInstance(dataDir)?.PORT;
  if (port !== undefined) return `http://127.0.0.1:${port}`;
  const given = process.env.PUBLIC_URL?.trim();
  if (given) return given;
  throw new OperatorError(
    `No Roost is ready on ${dataDir}: start it with "npm start", or pass its folder with --data-dir or its address with --url.`,
  );
}

function ahead(seconds: number): string {
  if (Math.abs(seconds) < 5) return 'nothing';
  const days = seconds / 86_400;
  return Math.abs(days) >= 2 ? `${days.toFixed(1)} d` : `${(seconds / 3_600).toFixed(1)} h`;
}
