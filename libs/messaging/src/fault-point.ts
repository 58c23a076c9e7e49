type Fault = (name: string) => Promise<void>;

const faults: Record<string, (argument: string | undefined) => Fault> = {
  kill: () => async () => {
    process.kill(process.pid, 'SIGKILL');
    await new Promise(() => undefined);
  },
  throw: () => async (name) => {
    throw new Error(`Fault point ${name}`);
  },
  delay: (ms) => () => new Promise((resolve) => setTimeout(resolve, Number(ms ?? 1000))),
};

interface Armed {
  fault: Fault;
  /** The call that triggers the fault, counted from 1; every call when absent. */
  call: number | undefined;
  calls: number;
}

let armedFrom: string | undefined;
let armed = new Map<string, Armed>();

function arm(setting: string): Map<string, Armed> {
  const points = new Map<string, Armed>();
  for (const part of setting.split(',').filter(Boolean)) {
    const [what = '', call] = part.trim().split('#');
    const [name = '', action = '', argument] = what.split(':');
    const fault = faults[action];
    if (!name || !fault) {
      throw new Error(`ROOST_FAULT: "${part}" is not name:kill, name:throw or name:delay:ms`);
    }
    points.set(name, { fault: fault(argument), call: call ? Number(call) : undefined, calls: 0 });
  }
  return points;
}

/**
 * A named point at which fault tests kill, fail or delay the process:
 * `ROOST_FAULT=payments.after-capture:kill`, `…:throw`, `…:delay:500`; a suffix `#2` triggers on the second call only.
 * Does nothing unless the variable names the point.
 */
export async function faultPoint(name: string): Promise<void> {
  const setting = process.env['ROOST_FAULT'];
  if (!setting) return;
  if (setting !== armedFrom) {
    armed = arm(setting);
    armedFrom = setting;
  }
  const point = armed.get(name);
  if (!point) return;
  point.calls += 1;
  if (point.call === undefined || point.call === point.calls) {
    await point.fault(name);
  }
}
