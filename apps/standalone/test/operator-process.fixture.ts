import { format } from 'node:util';

/**
 * Runs operator commands one after the other in one process, which loads Roost's code once instead of per command. Each
 * message is `{ args }`; the answer is `{ code, out, err }`. Exit codes of real processes are tested in tools/src/cli.
 */
const { runCommand } = (await import(
  new URL('../../../tools/src/cli/run-command.ts', import.meta.url).href
)) as { runCommand: (args: string[]) => Promise<number> };

let output = { out: '', err: '' };
console.log = (...values: unknown[]) => {
  output.out += `${format(...values)}\n`;
};
console.error = (...values: unknown[]) => {
  output.err += `${format(...values)}\n`;
};

process.on('message', (message: { args: string[] }) => {
  output = { out: '', err: '' };
  void runCommand(message.args).then((code) => process.send?.({ code, ...output }));
});
process.send?.('ready');
