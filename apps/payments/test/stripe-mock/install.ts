import { parseArgs } from 'node:util';
import { install } from './stripe-mock.js';

const HELP = `Builds stripe-mock, Stripe's own mock server, from the Go module proxy, for the spec of the contract with Stripe.

  npm run stripe-mock             builds it once per user; needs Go 1.22 or later
  npm run stripe-mock -- --help   this text`;

const print = (line: string) => void process.stdout.write(`${line}\n`);
const { values } = parseArgs({ options: { help: { type: 'boolean', default: false } } });
if (values.help) print(HELP);
else install(print);
