import { fileURLToPath } from 'node:url';
import { all } from '../all.js';
import type { Service } from '../config.js';
import { composeEnvironment, type Composition, portOf } from '../environment.js';
import { runRoost } from '../roost.js';
import { type RunningServer, type Runtime, type StartContext, urlsOf } from '../runtime.js';
import { LogLines } from './log-lines.js';
import { ServiceProcess } from './service-process.js';

/** Runs each service in a separate process, with Kafka between them. */
export async function main(): Promise<void> {
  await runRoost(processPerService());
}

function processPerService(): Runtime {
  let processes: ServiceProcess[] = [];
  process.on('SIGUSR2', () => processes.forEach((service) => service.restart()));
  return {
    mode: 'distributed',
    serve: async (context, beforeGateway) => {
      const { services, sandbox, shutdown } = context;
      const names = [...services, ...(sandbox ? (['sandbox'] as const) : [])];
      const lines = new LogLines(names, process.stdout.isTTY && !process.env.NO_COLOR);
      const running: RunningServer[] = [];
      processes = [];
      const open = async (name: Service | 'sandbox') => {
        const service = processFor(name, context, lines);
        if (name === 'sandbox') shutdown.after(name, () => service.close());
        else shutdown.service(name, service);
        processes.push(service);
        await service.start();
        running.push({ name: name === 'sandbox' ? 'sandbox provider' : name, url: service.options.url });
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
  { composition, terminal, log }: StartContext & { composition: Composition },
  lines: LogLines,
): ServiceProcess {
  return new ServiceProcess({
    name,
    main: fileURLToPath(new URL(`../../../${name}/src/main.ts`, import.meta.url)),
    env: composeEnvironment(name, composition),
    url: `http://127.0.0.1:${portOf(composition.addresses[name])}`,
    onLine: (line) => {
      terminal.print(lines.format(name, line));
      log.append(line);
    },
    log: (line) => terminal.step(line),
  });
}
