import { existsSync, readdirSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { EmbeddedError } from '@roost/embedded';
import { type Action, type Command, UsageError, Output, OperatorError } from './command.js';

const folder = new URL('commands/', import.meta.url);
/** `.js` in a bundle (tools/src/bundle). */
const EXTENSION = existsSync(new URL('admin.ts', folder)) ? '.ts' : '.js';
const COMMON = {
  json: { type: 'boolean', description: 'print JSON instead of a table' },
  help: { type: 'boolean', short: 'h', description: 'print this' },
} as const;

/** Runs one command. Prints errors for the operator; returns the exit code. */
export async function runCommand(args: string[]): Promise<number> {
  try {
    await dispatch(args);
    return 0;
  } catch (error) {
    if (![OperatorError, UsageError, EmbeddedError].some((kind) => error instanceof kind)) {
      console.error(error);
      return 1;
    }
    console.error((error as Error).message);
    return error instanceof UsageError ? 2 : 1;
  }
}

async function dispatch(args: string[]): Promise<void> {
  if (existsSync('.env')) process.loadEnvFile('.env');
  const [name, ...rest] = args;
  const names = readdirSync(folder).flatMap((file) => /^([a-z-]+)\.[jt]s$/.exec(file)?.[1] ?? []);
  if (name === undefined || name === '--help' || name === '-h') return console.log(await help(names.sort()));
  if (!names.includes(name)) throw new UsageError(`There is no command "${name}".`);
  const command = await load(name);
  const [actionName, ...operands] = command.only === undefined ? rest : [command.only, ...rest];
  if (actionName === undefined || actionName === '--help' || actionName === '-h') {
    return console.log(commandHelp(name, command));
  }
  const action = Object.hasOwn(command.actions, actionName) ? command.actions[actionName] : undefined;
  if (!action) throw new UsageError(`"${name}" has no "${actionName}": see npm run roost -- ${name} --help`);
  const { values, positionals } = read(action, operands);
  const call = command.only === undefined ? `${name} ${actionName}` : name;
  if (values.help) return console.log(actionHelp(call, action));
  await action.run({ options: values, operands: positionals, out: new Output(values.json === true) });
}

async function load(name: string): Promise<Command> {
  return ((await import(new URL(`${name}${EXTENSION}`, folder).href)) as { command: Command }).command;
}

function read(action: Action, args: string[]) {
  try {
    const { values, positionals } = parseArgs({
      args,
      options: { ...action.options, ...COMMON },
      allowPositionals: action.operands !== undefined,
    });
    return { values: values as Record<string, string | boolean | undefined>, positionals };
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

const rows = (pairs: [string, string][]) => {
  const width = Math.max(...pairs.map(([left]) => left.length));
  return pairs.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`).join('\n');
};

async function help(names: string[]): Promise<string> {
  const commands = await Promise.all(
    names.map(async (name): Promise<[string, string]> => [name, (await load(name)).summary]),
  );
  return `Commands for operators of Roost.

  npm run roost -- <command> <action> [options]

${rows(commands)}

"npm run roost -- <command> --help" lists the actions of a command.`;
}

function commandHelp(name: string, { summary, actions }: Command): string {
  const list = Object.entries(actions).map(([action, it]): [string, string] => [
    `${name} ${action}${it.operands ? ` ${it.operands}` : ''}`,
    it.summary,
  ]);
  return `${summary}\n\n${rows(list)}\n\n"npm run roost -- ${name} <action> --help" lists the options.`;
}

function actionHelp(call: string, action: Action): string {
  const options = Object.entries({ ...action.options, ...COMMON }).map(
    ([option, { description }]): [string, string] => [`--${option}`, description],
  );
  return `${action.summary}\n\n  npm run roost -- ${call}${action.operands ? ` ${action.operands}` : ''} [options]\n\n${rows(options)}`;
}
