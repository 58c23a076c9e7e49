import { currentShape, up } from '../cluster.ts';
import { deployRoost, loadImagesOfRoost } from './roost-in-lab.ts';

/** Two nodes, so that a drained node has somewhere to send its pods. */
export default async function startCluster() {
  globalThis.labWasDown = !currentShape();
  await up({ scope: 'cluster', nodes: 2 });
  await loadImagesOfRoost();
  await deployRoost();
}
