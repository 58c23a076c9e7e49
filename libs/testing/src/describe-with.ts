import { type GoProgram, isBuilt } from './go-program.js';

/**
 * `describe` for specs that need a program. Where it is not built they are skipped with a word, except in CI: that has built
 * it before, and skips nothing.
 */
export function describeWith(program: GoProgram): typeof describe | typeof describe.skip {
  if (process.env.CI === 'true' || isBuilt(program)) return describe;
  process.stderr.write(
    `Skipped: ${program} is not installed. "npm run ${program}" installs it and needs Go.\n`,
  );
  return describe.skip;
}
