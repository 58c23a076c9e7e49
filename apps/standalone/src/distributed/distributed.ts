import { fileURLToPath } from 'node:url';
import { all } from '../all.js';
import type { Service } from '../config.js';
import { composeEnvironment, type Composition, portOf } from '../environment.js';
import { type Ground, type Hosting, type RunningAt, runRoost, urlsOf } from '../roost.js';
import { LogLines } from './log-line.js';
import { ServiceProcess } from './service-process.js';

/** Every service in a process of its own, with Kafka between them. */
export async function main(): Promise<void> {
  await runRoost(inProcesses());
}

function inProcesses(): Hosting {
  let processes: ServiceProcess[] = [];
  process.on('SIGUSR2', () => processes.forEach((it) => it.revive()));
  return {
    mode: 'distributed',
    serve: async (ground, beforeGateway) => {
      const { services, sandbox, shutdown } = ground;
      const names = [...services, ...(sandbox ? (['sandbox'] as const) : [])];
      const lines = new LogLines(names, process.stdout.isTTY && !process.env.NO_COLOR);
      const running: RunningAt[] = [];
      processes = [];
      const open = async (name: Service | 'sandbox') => {
        const it = processFor(name, ground, lines);
        if (name === 'sandbox') shutdown.after(name, () => it.close());
        else shutdown.service(name, it);
        processes.push(it);
        await it.start();
        running.push({ name: name === 'sandbox' ? 'sandbox provider' : name, url: it.spec.url });
      };
      await all(names.filter((name) => name !== 'gateway').map(open));
      await beforeGateway(urlsOf(running));
      await all(names.filter((name) => name === 'gateway').map(open));
      return running;
    },
  };
}

function processFor(
  name: Service | 'sandbox',
  { composition, terminal, log }: Ground & { composition: Composition },
  lines: LogLines,
): ServiceProcess {
  return new ServiceProcess({
    name,
    main: fileURLToPath(new URL(`../../../${name}/src/main.ts`, import.meta.url)),
    env: composeEnvironment(name, composition),
    url: `http://127.0.0.1:${portOf(composition.addresses[name])}`,
    heard: (line) => {
      terminal.say(lines.shown(name, line));
      log.append(line);
    },
    said: (line) => terminal.step(line),
  });
}
