import { readFileSync } from 'node:fs';
import module from 'node:module';
import { relative } from 'node:path';

const Sequencer = module.createRequire(import.meta.url)('@jest/test-sequencer').default;

/** Seconds of the slowest files, for a run without durations in Jest's cache. */
const slowFiles = JSON.parse(readFileSync(new URL('./slow-files.json', import.meta.url), 'utf8'));

function recordedSeconds({ path, duration, context }) {
  if (duration != null) return duration / 1000;
  return slowFiles[relative(context.config.rootDir, path)] ?? 0;
}

/** Starts the longest files first, so that no core is idle while the last of them runs. */
export default class LongestFirst extends Sequencer {
  async sort(tests) {
    // Sets `duration` of the tests in Jest's cache, and sorts the others by size.
    const sorted = await super.sort(tests);
    return sorted.toSorted((a, b) => recordedSeconds(b) - recordedSeconds(a));
  }
}
