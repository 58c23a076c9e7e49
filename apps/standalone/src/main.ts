import { main } from './standalone.js';

await main();
