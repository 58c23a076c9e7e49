import { down } from '../cluster.ts';

/** Leaves a lab alone that ran before the tests. */
export default async function stopLab() {
  if (globalThis.labWasDown) await down();
}
