import { parseArgs } from 'node:util';
import { build, clean } from './build.js';
import { down, load, status, up } from './cluster.js';
import { requireNodeSupport } from './host.js';
import { LabError } from './run.js';

const HELP = `A real Kubernetes cluster on this machine, for tests and to try a deployment (docs/lab.md).

  npm run lab -- up [--control-plane] [--nodes N]   start it; builds first what the cache lacks
  npm run lab -- down                               stop it and remove what it changed on the machine
  npm run lab -- status                             what runs, and how to use kubectl
  npm run lab -- load FILE...                       import image archives into every node
  npm run lab -- build [--control-plane]            build what the cache lacks (about 8 minutes on two free cores)
  npm run lab -- supported                          whether this machine can run it; if not, why
  npm run lab -- clean                              delete the compiler's caches, which only a build needs

  --control-plane   only etcd and the API server: enough to validate manifests
  --nodes N         how many nodes, 1 to 3 (default 1)
  --help            this text

Needs Debian 12 and root. ROOST_LAB_CACHE (default /var/cache/roost-lab) holds programs, images and the state.`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    'control-plane': { type: 'boolean', default: false },
    nodes: { type: 'string', default: '1' },
    help: { type: 'boolean', default: false },
  },
});

const scope = values['control-plane'] ? 'control-plane' : 'cluster';
const nodes = Number(values.nodes);
const [name = '', ...operands] = positionals;
const commands: Record<string, () => Promise<void>> = {
  up: () => up({ scope, nodes }),
  down,
  status,
  load: () => load(operands),
  build: () => build(scope),
  supported: requireNodeSupport,
  clean,
};
const command = commands[name];
if (values.help) {
  console.log(HELP);
  process.exit(0);
}
if (!command || ![1, 2, 3].includes(nodes)) {
  console.error(`${command ? '--nodes is 1, 2 or 3.' : `There is no command "${name}".`}\n\n${HELP}`);
  process.exit(2);
}
try {
  await command();
} catch (error) {
  console.error(error instanceof LabError ? error.message : error);
  process.exitCode = 1;
}
