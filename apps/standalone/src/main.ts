import module from 'node:module';

const NODE_MAJOR = 24;

// Before anything else is imported: an older Node fails in ways that explain nothing.
if (Number(process.versions.node.split('.')[0]) < NODE_MAJOR) {
  process.stderr.write(
    `Roost needs Node ${NODE_MAJOR}, and this is Node ${process.versions.node}: run "npm ci" again, without --ignore-scripts (it brings Node ${NODE_MAJOR} for "npm start"), or install Node ${NODE_MAJOR}.\n`,
  );
  process.exit(1);
}
module.enableCompileCache();
const { main } = await import('./standalone.js');
await main();
