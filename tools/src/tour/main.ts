import { parseArgs } from 'node:util';
import { changedStay } from './changes.js';
import { Client, WrongAnswer } from './client.js';
import { graphJourney } from './graph.js';
import { importStep } from './import.js';
import { journey, smoke, type Step, world } from './journey.js';
import { reviewCircle } from './reviews.js';

const HELP = `Walks through Roost over HTTP as a host, a guest and an operator would, printing each step.
Stops at the first wrong answer with a non-zero exit.

  npm run tour [-- options]

  --url URL   where Roost listens (default http://localhost:3000)
  --smoke     only what changes nothing: fit for a production system
  --help      this text`;

const { values } = parseArgs({
  options: {
    url: { type: 'string', default: 'http://localhost:3000' },
    smoke: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  console.log(HELP);
  process.exit(0);
}

const steps: Step[] = values.smoke
  ? smoke
  : [...journey, ...changedStay(), ...graphJourney(world), ...reviewCircle, importStep(values.url)];
const client = new Client(values.url.replace(/\/$/, ''));
const started = performance.now();
let done = 0;

try {
  for (const step of steps) {
    const from = performance.now();
    const said = await step.run(client);
    done++;
    const took = `${Math.round(performance.now() - from)} ms`;
    console.log(`${String(done).padStart(3)}. ${step.name}${said ? `: ${said}` : ''} (${took})`);
  }
  console.log(
    `\nThe tour is green: ${done} steps in ${((performance.now() - started) / 1000).toFixed(1)} s.`,
  );
} catch (error) {
  const step = steps[done]?.name ?? 'start';
  const unreachable = error instanceof TypeError && error.message === 'fetch failed';
  console.error(`\nStopped at step ${done + 1}, "${step}":`);
  console.error(
    unreachable
      ? `nothing answers at ${values.url}. Is Roost running? Start it with: npm start`
      : error instanceof WrongAnswer
        ? error.message
        : error,
  );
  process.exitCode = 1;
}
