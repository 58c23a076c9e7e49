import { portTaken } from '@roost/embedded';
import { StartError } from '@roost/platform';

/** A port that will be listened on; `set` is the variable that names it. */
export interface WantedPort {
  what: string;
  port: number;
  set: string;
  host: string;
}

/** All that are wrong in one sentence, before anything starts. `said` is told of a longer wait. */
export async function checkPorts(
  wanted: WantedPort[],
  afterDeath: boolean,
  said: (line: string) => void,
): Promise<void> {
  const used = new Map<number, string>();
  for (const { what, port, set } of wanted) {
    const other = port === 0 ? undefined : used.get(port);
    if (other) throw new StartError(`${what} and ${other} are both set to port ${port}: change ${set}.`);
    used.set(port, what);
  }
  const taken: (Omit<WantedPort, 'host'> & { why: string })[] = [];
  await Promise.all(
    wanted.map(async ({ what, port, set, host }) => {
      const why =
        port === 0 ? null : await portTaken(port, { host, patienceMs: afterDeath ? 3_000 : 0, said });
      if (why) taken.push({ what, port, set, why });
    }),
  );
  const [first, ...others] = taken.toSorted((a, b) => a.port - b.port);
  if (!first) return;
  if (others.length === 0) {
    const { what, port, set, why } = first;
    throw new StartError(
      `Port ${port} (${what}) can't be used: ${why}; stop that program, or set ${set} to another.`,
    );
  }
  const list = [first, ...others].map(({ what, port }) => `${port} (${what})`).join(', ');
  const settings = [first, ...others].map(({ set }) => set).join(', ');
  throw new StartError(
    `Ports ${list} can't be used: ${first.why}. Is another Roost running? Stop it, or set ${settings} to others.`,
  );
}
