import { parseArgs } from 'node:util';
import { changeSteps } from './changes.js';
import { Client, UnexpectedResponse } from './client.js';
import { graphSteps } from './graph.js';
import { importStep } from './import.js';
import { journey } from './journey.js';
import { smoke, type Step } from './smoke.js';
import { reviewSteps } from './reviews.js';
import { tour } from './tour-state.js';

const HELP = `Uses Roost over HTTP as a host, a guest and an operator, and prints each step. Stops at the first unexpected response with a
non-zero exit code.

  npm run tour [-- options]

  --url URL       the address of Roost (default http://localhost:3000)
  --mailbox URL   the address of the Mailpit that receives its mails, if it sends them (docker/compose.yaml)
  --smoke         only steps that change nothing: safe for a production system
  --help          this text`;

const { values } = parseArgs({
  options: {
    url: { type: 'string', default: 'http://localhost:3000' },
    mailbox: { type: 'string' },
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
  : [...journey, ...changeSteps(), ...graphSteps(), ...reviewSteps, importStep(values.url)];
const at = (url: string) => new Client(url.replace(/\/$/, ''));
const client = at(values.url);
if (values.mailbox !== undefined) tour.mailbox = at(values.mailbox);
const started = performance.now();
let done = 0;

try {
  for (const step of steps) {
    const from = performance.now();
    const result = await step.run(client);
    done++;
    const took = `${Math.round(performance.now() - from)} ms`;
    console.log(`${String(done).padStart(3)}. ${step.name}${result ? `: ${result}` : ''} (${took})`);
  }
  console.log(`\nThe tour passed: ${done} steps in ${((performance.now() - started) / 1000).toFixed(1)} s.`);
} catch (error) {
  const step = steps[done]?.name ?? 'start';
  const unreachable = error instanceof TypeError && error.message === 'fetch failed';
  console.error(`\nStopped at step ${done + 1}, "${step}":`);
  console.error(
    unreachable
      ? `nothing responds at ${values.url}. Is Roost running? Start it with: npm start`
      : error instanceof UnexpectedResponse
        ? error.message
        : error,
  );
  process.exitCode = 1;
}
