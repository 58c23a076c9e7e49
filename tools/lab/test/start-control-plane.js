import { currentShape, up } from '../cluster.ts';

export default async function startControlPlane() {
  globalThis.labWasDown = !currentShape();
  await up({ scope: 'control-plane', nodes: 0 });
}
