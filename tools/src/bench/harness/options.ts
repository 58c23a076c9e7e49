import { parseArgs, type ParseArgsConfig } from 'node:util';

const COMMON = {
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

type Options = NonNullable<ParseArgsConfig['options']>;

/** Parses the options of a benchmark. Exits after `--help`, and with 2 for invalid options. */
export function parseOptions<O extends Options>(help: string, options: O) {
  try {
    const { values } = parseArgs({ options: { ...COMMON, ...options } });
    if (!(values as { help?: boolean }).help) return values;
    console.log(help);
    process.exit(0);
  } catch (error) {
    console.error(`${(error as Error).message}\n\nUse --help for the options.`);
    process.exit(2);
  }
}

/** Parses a positive integer. Exits with 2 for any other value. */
export function parsePositive(name: string, text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number > 0) return number;
  console.error(`--${name} must be a positive integer, not "${text}".`);
  process.exit(2);
}
