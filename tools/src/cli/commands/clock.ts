import { type Action, type Call, type Command, Misuse, Refusal } from '../command.js';

const URL_OPTION = {
  url: {
    type: 'string',
    description: 'the address of the gateway (default: PUBLIC_URL, or http://localhost:3000)',
  },
} as const;

const mover = (summary: string, operands: string | undefined, body: (call: Call) => object): Action => ({
  summary,
  ...(operands ? { operands } : {}),
  options: URL_OPTION,
  run: (call) => move(call, body(call)),
});

export const command: Command = {
  summary: 'The domain clock of a development Roost: what its stays take for now.',
  actions: {
    show: mover('Says what time it is there.', undefined, () => ({ advance: 'PT0S' })),
    advance: mover('Moves it on by a duration; what becomes due is done at once.', '<P3D>', (call) => ({
      advance: operand(call, 'a duration such as P3D or PT15M'),
    })),
    set: mover('Sets it to an instant.', '<2027-05-01T13:00:00Z>', (call) => ({
      set: operand(call, 'an instant such as 2027-05-01T13:00:00Z'),
    })),
    reset: mover('Gives it the real time again.', undefined, () => ({ reset: true })),
  },
};

function operand({ operands }: Call, what: string): string {
  const [value] = operands;
  if (value === undefined || operands.length > 1) throw new Misuse(`Say ${what}.`);
  return value;
}

async function move({ options, out }: Call, body: object): Promise<void> {
  const gateway = String(options.url ?? gatewayAddress());
  if (!URL.canParse(gateway)) throw new Misuse(`"${gateway}" is no address such as http://localhost:3000.`);
  const response = await fetch(new URL('/dev/clock', gateway), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(30_000),
  }).catch(() => null);
  if (!response)
    throw new Refusal(`No Roost answers at ${gateway}: start it with "npm start", or name it by --url.`);
  if (response.status === 404)
    throw new Refusal(
      `The Roost at ${gateway} has no clock to move: it is in production, or that is no gateway.`,
    );
  const answer = (await response.json()) as { now?: string; errors?: { detail: string }[]; title?: string };
  if (answer.now === undefined) {
    throw new Refusal(answer.errors?.[0]?.detail ?? answer.title ?? `It answered ${response.status}.`);
  }
  const aheadSeconds = Math.round((Date.parse(answer.now) - Date.now()) / 1000);
  out.result({ now: answer.now, aheadSeconds }, [{ now: answer.now, 'ahead by': ahead(aheadSeconds) }]);
}

function gatewayAddress(): string {
  return process.env.PUBLIC_URL?.trim() || `http://localhost:${process.env.PORT?.trim() || 3000}`;
}

function ahead(seconds: number): string {
  if (Math.abs(seconds) < 5) return 'nothing';
  const days = seconds / 86_400;
  return Math.abs(days) >= 2 ? `${days.toFixed(1)} d` : `${(seconds / 3_600).toFixed(1)} h`;
}
