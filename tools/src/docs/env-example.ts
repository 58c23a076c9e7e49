import { StandaloneConfig } from '@roost/app-standalone';
import { definitions } from '@roost/app-standalone/composition';
import { BaseConfig, DatabaseConfig } from '@roost/platform';
import { z } from 'zod';

const HEAD = `# All settings of Roost with their defaults. Copy the settings that you need to .env. "npm start" requires none of them.
# A secret can also be read from a file: <NAME>_FILE=path.
# Generated from the configuration of the services by "npm run docs".`;

const services = await Promise.all(Object.values(definitions).map((load) => load()));

const sections: [string, z.ZodObject][] = [
  ['All services', BaseConfig],
  ['Services with a database', DatabaseConfig],
  ...services.map(({ name, config }): [string, z.ZodObject] => [name, config]),
  ['npm start', StandaloneConfig],
];

/** .env.example: each variable with its description and default. */
export function envExample(): string {
  const written = new Set<string>();
  const lines = [HEAD];
  for (const [title, config] of sections) {
    lines.push('', `## ${title}`);
    for (const [name, schema] of Object.entries(config.shape) as [string, z.ZodType][]) {
      if (written.has(name)) continue;
      written.add(name);
      const description = z.globalRegistry.get(schema)?.description;
      if (!description) throw new Error(`${name} has no description`);
      const defaultValue = defaultOf(schema);
      lines.push(`# ${description}`, `# ${name}=${defaultValue ?? ''}`);
    }
  }
  return lines.join('\n') + '\n';
}

function defaultOf(schema: z.ZodType): string | null {
  const { value } = z.object({ value: schema }).safeParse({}).data ?? {};
  if (value === undefined) return null;
  const isStructured = Array.isArray(value) && value.some((item) => typeof item === 'object');
  return isStructured ? JSON.stringify(value) : String(value);
}
