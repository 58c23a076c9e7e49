import { existsSync } from 'node:fs';
import { type GoProgram, isBuilt } from './go-program.js';

type Describe = typeof describe | typeof describe.skip;

/**
 * `describe` for specs that need a program. Where it is not built they are skipped with a word, except in CI: that has built
 * it before, and skips nothing.
 */
export const describeWith = (program: GoProgram): Describe =>
  describeIf(isBuilt(program), `${program} is not installed. "npm run ${program}" installs it and needs Go.`);

/** The same for specs that read a file beside the repository. CI has it. */
export const describeWithFile = (file: URL): Describe =>
  describeIf(existsSync(file), `${file.pathname} does not exist.`);

function describeIf(isThere: boolean, reason: string): Describe {
  if (process.env.CI === 'true' || isThere) return describe;
  process.stderr.write(`Skipped: ${reason}\n`);
  return describe.skip;
}
