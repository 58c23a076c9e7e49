// Printed first: loading the services takes seconds.
console.log('Roost is starting.');

const { main } = await import('./standalone.js');
await main();
