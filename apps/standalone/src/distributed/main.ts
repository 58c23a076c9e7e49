import { HELP } from './help.js';

const [argument] = process.argv.slice(2);
if (argument === '--help' || argument === '-h') {
  console.log(HELP);
} else if (argument !== undefined) {
  console.error(`There is no option "${argument}": see npm run start:distributed -- --help`);
  process.exitCode = 2;
} else {
  console.log('Roost is starting, each service in a separate process.');
  const { main } = await import('./distributed.js');
  await main();
}
