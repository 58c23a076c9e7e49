/** Roost as `npm start` runs it, with a fault point that is set while it runs: each message is a value of ROOST_FAULT. */
process.on('message', (fault: string) => {
  process.env.ROOST_FAULT = fault;
  process.send?.('set');
});
await import('../src/main.js');
