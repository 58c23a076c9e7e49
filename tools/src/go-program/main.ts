import { parseArgs } from 'node:util';
import { GO_PROGRAMS, type GoProgram, goProgram } from '@roost/testing/go-program';

const HELP = `Builds programs that specs and checks need from the Go module proxy, once per machine. It needs Go.

  npm run stripe-mock             Stripe's own mock server, for the spec of the contract with Stripe
  npm run versitygw               a server with the interface of S3, for the specs of FILE_STORE=s3
  npm run versitygw -- --help     this text`;

const { values, positionals } = parseArgs({
  options: { help: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const isProgram = (name: string): name is GoProgram => (GO_PROGRAMS as string[]).includes(name);
if (values.help) console.log(HELP);
else
  for (const name of positionals) {
    if (!isProgram(name)) throw new Error(`There is no program "${name}": use ${GO_PROGRAMS.join(', ')}.`);
    console.log(`${name} is in ${goProgram(name, console.log)}`);
  }
