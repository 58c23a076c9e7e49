import { parseArgs, type ParseArgsConfig } from 'node:util';

const COMMON = {
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

type Options = NonNullable<ParseArgsConfig['options']>;

/** Reads the options of a benchmark; prints `help` or says what is wrong, and ends the process then. */
export function optionsOf<O extends Options>(help: string, options: O) {
  try {
    const { values } = parseArgs({ options: { ...COMMON, ...options } });
    if (!(values as { help?: boolean }).help) return values;
    console.log(help);
    process.exit(0);
  } catch (error) {
    console.error(`${(error as Error).message}\n\n--help says what it takes.`);
    process.exit(2);
  }
}

/** A whole number of at least 1 that was given as text; ends the process with a sentence otherwise. */
export function positive(name: string, text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number > 0) return number;
  console.error(`--${name} takes a whole number from 1, not "${text}".`);
  process.exit(2);
}
