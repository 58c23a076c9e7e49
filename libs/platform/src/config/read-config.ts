import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { BaseConfig, type Config, DatabaseConfig } from './base-config.js';

/** Stops a start. The message is one sentence for the operator; it is printed without a stack. */
export class StartError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StartError';
  }
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** Reads and checks the environment. Throws a `StartError` with one sentence per wrong variable. */
export function readConfig<C extends z.ZodObject>(
  own: C,
  env: Environment,
  options: { database: boolean },
): Config<C> {
  const shape: Record<string, z.ZodType> = {
    ...BaseConfig.shape,
    ...(options.database ? DatabaseConfig.shape : {}),
    ...own.shape,
  };
  const schema = z.object(shape);
  const values: Record<string, string> = {};
  const sentences: string[] = [];
  for (const name of Object.keys(shape)) {
    const value = valueOf(name, env, sentences);
    if (value !== undefined) values[name] = value;
  }
  const result = schema.safeParse(values);
  if (!result.success) {
    const reported = new Set<string>();
    for (const issue of result.error.issues) {
      const name = String(issue.path[0] ?? '');
      if (reported.has(name)) continue;
      reported.add(name);
      sentences.push(sentence(name, values[name], shape[name], issue.message));
    }
  }
  if (sentences.length > 0) throw new StartError(sentences.join('\n'));
  const config = result.data as Config<C>;
  requireProductionValues(config, own);
  return config;
}

function valueOf(name: string, env: Environment, sentences: string[]): string | undefined {
  const direct = env[name];
  if (direct !== undefined && direct.trim() !== '') return direct.trim();
  const file = env[`${name}_FILE`];
  if (file === undefined || file.trim() === '') return undefined;
  try {
    return readFileSync(file.trim(), 'utf8').trim();
  } catch (error) {
    sentences.push(
      `${name}_FILE is ${file.trim()}, which can't be read: ${(error as NodeJS.ErrnoException).code ?? 'unknown'}.`,
    );
    return undefined;
  }
}

const SECRET = /KEY|SECRET|PASSWORD|TOKEN|DATABASE_URL|REDIS_URL|SMTP_URL|JWKS_URL|OTLP_HEADERS/;

function sentence(
  name: string,
  value: string | undefined,
  schema: z.ZodType | undefined,
  message: string,
): string {
  const allowed = (schema && z.globalRegistry.get(schema)?.description) ?? message;
  if (value === undefined) return `${name} is missing: it must be ${allowed}.`;
  const found = SECRET.test(name) ? 'has a value that is not allowed' : `is ${JSON.stringify(value)}`;
  return `${name} ${found}: it must be ${allowed}.`;
}

/** In production, `.meta({ notInProduction: [values] })` of a service's variable excludes these values. */
function requireProductionValues(config: BaseConfig, own: z.ZodObject): void {
  if (config.ROOST_ENV !== 'production') return;
  const sentences: string[] = [];
  if (config.ENCRYPTION_KEY === undefined)
    sentences.push(sentence('ENCRYPTION_KEY', undefined, BaseConfig.shape.ENCRYPTION_KEY, ''));
  if (config.ROOST_FAULT) sentences.push('ROOST_FAULT is set: fault points are not allowed in production.');
  for (const [name, schema] of Object.entries(own.shape)) {
    const excluded = z.globalRegistry.get(schema as z.ZodType)?.notInProduction;
    if (Array.isArray(excluded) && excluded.includes((config as Record<string, unknown>)[name]))
      sentences.push(
        `${name} has a value that is only allowed in development: ${sentence(name, undefined, schema as z.ZodType, '').replace(/^.*?: /, '')}`,
      );
  }
  if (sentences.length > 0) throw new StartError(sentences.join('\n'));
}
