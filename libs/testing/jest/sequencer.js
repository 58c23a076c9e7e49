import { readFileSync } from 'node:fs';
import module from 'node:module';

const Sequencer = module.createRequire(import.meta.url)('@jest/test-sequencer').default;

/** The longest time that a spec allows itself, `jest.setTimeout(180_000)` or `test(…, 90_000)`; nothing for most. */
function allowance(file) {
  const found = readFileSync(file, 'utf8').matchAll(/\b(\d+_000),?\s*\)/g);
  return Math.max(0, ...Array.from(found, ([, milliseconds]) => Number(milliseconds.replace('_', ''))));
}

/** The long ones first, also where nobody knows yet how long they took: no core is idle while the last of them runs. */
export default class LongestFirst extends Sequencer {
  async sort(tests) {
    const sorted = await super.sort(tests);
    const allowances = new Map(sorted.map(({ path }) => [path, allowance(path)]));
    return sorted.toSorted((a, b) => allowances.get(b.path) - allowances.get(a.path));
  }
}
