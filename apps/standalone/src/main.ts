// Said before the second that it takes to load all services.
console.log('Roost is starting.');

const { main } = await import('./standalone.js');
await main();
