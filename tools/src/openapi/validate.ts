import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Validator } from '@seriousme/openapi-schema-validator';
import spectralCore from '@stoplight/spectral-core';
import spectralRulesets from '@stoplight/spectral-rulesets';

/** The errors of three validators in an OpenAPI document, one line each. Warnings are ignored. */
export async function validateOpenApi(document: object): Promise<string[]> {
  const errors = await Promise.all([
    schemaErrors(document),
    spectralErrors(document),
    redoclyErrors(document),
  ]);
  return errors.flat();
}

async function schemaErrors(document: object): Promise<string[]> {
  // The validator changes its argument.
  const { valid, errors } = await new Validator().validate(structuredClone(document) as never);
  return valid ? [] : [`schema: ${JSON.stringify(errors)}`];
}

async function spectralErrors(document: object): Promise<string[]> {
  const spectral = new spectralCore.Spectral();
  spectral.setRuleset({ extends: [spectralRulesets.oas] } as never);
  const results = await spectral.run(document as never);
  return results
    .filter(({ severity }) => severity === 0)
    .map(({ code, path, message }) => `spectral ${code}: #/${path.join('/')}: ${message}`);
}

interface RedoclyReport {
  problems: { severity: string; ruleId: string; message: string; location: { pointer?: string }[] }[];
}

async function redoclyErrors(document: object): Promise<string[]> {
  const directory = await mkdtemp(join(tmpdir(), 'roost-openapi-'));
  try {
    const file = join(directory, 'openapi.json');
    await writeFile(file, JSON.stringify(document));
    const report = JSON.parse(await runRedocly(directory, file)) as RedoclyReport;
    return report.problems
      .filter(({ severity }) => severity === 'error')
      .map(({ ruleId, message, location }) => `redocly ${ruleId}: ${location[0]?.pointer ?? ''}: ${message}`);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** The JSON report of `redocly lint` with its recommended rules. It exits with 1 if the document has errors. */
function runRedocly(directory: string, file: string): Promise<string> {
  const redocly = createRequire(import.meta.url).resolve('@redocly/cli/bin/cli.js');
  const args = [redocly, 'lint', '--extends=recommended', '--format=json', '--max-problems=1000', file];
  const env = {
    PATH: process.env.PATH,
    REDOCLY_TELEMETRY: 'off',
    REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true',
  };
  return new Promise((resolve, reject) => {
    const options = { cwd: directory, env, maxBuffer: 64 * 1024 * 1024 };
    execFile(process.execPath, args, options, (error, stdout, stderr) => {
      if (stdout.trimStart().startsWith('{')) resolve(stdout);
      else reject(new Error(`redocly gave no report: ${stderr}`, { cause: error }));
    });
  });
}
