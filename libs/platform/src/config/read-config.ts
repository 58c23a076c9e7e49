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
  return readSettings<Config<C>>(
    { ...BaseConfig.shape, ...(options.database ? DatabaseConfig.shape : {}), ...own.shape },
    env,
  );
}

/** Reads and checks only these variables. */
export function readSettings<T>(shape: Readonly<Record<string, z.ZodType>>, env: Environment): T {
  const config: Record<string, unknown> = {};
  const sentences: string[] = [];
  for (const [name, schema] of Object.entries(shape)) {
    const value = valueOf(name, env, sentences);
    const result = schema.safeParse(value);
    if (result.success) config[name] = result.data;
    else sentences.push(sentence(name, value, schema, result.error.issues[0]?.message ?? ''));
  }
  sentences.push(...missingSettings(config, shape), ...contradictions(config, shape));
  if (config.ROOST_ENV === 'production') sentences.push(...productionFaults(config, shape));
  if (sentences.length > 0) throw new StartError(sentences.join('\n'));
  return config as T;
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

const SECRET =
  /KEY|SECRET|PASSWORD|TOKEN|DATABASE_URL|REDIS_URL|SMTP_URL|JWKS_URL|OTLP_HEADERS|OIDC_PROVIDERS/;

function sentence(
  name: string,
  value: string | undefined,
  schema: z.ZodType | undefined,
  message: string,
): string {
  const allowed = (schema && z.globalRegistry.get(schema)?.description) ?? message;
  if (value === undefined) return `${name} is missing: it must be ${allowed}.`;
  return `${name} ${found(name, value)}: it must be ${allowed}.`;
}

const found = (name: string, value: unknown): string =>
  SECRET.test(name) ? 'has a value that is not allowed' : `is ${JSON.stringify(value)}`;

/** The variables that the value of another one requires, such as the keys of an enabled provider. */
function missingSettings(
  config: Readonly<Record<string, unknown>>,
  shape: Readonly<Record<string, z.ZodType>>,
): string[] {
  return Object.entries(shape).flatMap(([name, schema]) => {
    const { requires } = (z.globalRegistry.get(schema) ?? {}) as Requirements;
    if (!requires || !(name in config)) return [];
    const missing = requires(config[name]).filter((other) => other in config && config[other] === undefined);
    return missing.map(
      (other) => `${sentence(other, undefined, shape[other], '').slice(0, -1)} (${name} requires it).`,
    );
  });
}

/** The variables that do not match another one. Their values are not shown: they may be secrets. */
function contradictions(
  config: Readonly<Record<string, unknown>>,
  shape: Readonly<Record<string, z.ZodType>>,
): string[] {
  return Object.entries(shape).flatMap(([name, schema]) => {
    const { fits } = (z.globalRegistry.get(schema) ?? {}) as Requirements;
    const [value, other] = [config[name], fits && config[fits.to]];
    if (!fits || value === undefined || other === undefined || fits.accepts(value, other)) return [];
    return [`${name} does not match ${fits.to}: ${fits.rule}.`];
  });
}

interface Requirements {
  /** The names of the variables that this value requires. */
  requires?: (value: unknown) => readonly string[];
  /** The variable that this one must fit to, if both are set. */
  fits?: { to: string; accepts: (value: unknown, other: unknown) => boolean; rule: string };
}

/** The metadata of a variable that has stricter rules in production. */
interface ProductionRules {
  /** These values are only for development. */
  notInProduction?: unknown[];
  production?: { required?: true; accepts: (value: unknown) => boolean; rule: string };
}

/** What production does not accept in the variables that are valid. */
function productionFaults(
  config: Readonly<Record<string, unknown>>,
  shape: Readonly<Record<string, z.ZodType>>,
): string[] {
  const sentences: string[] = [];
  if (config.ROOST_FAULT) sentences.push('ROOST_FAULT is set: fault points are not allowed in production.');
  for (const [name, schema] of Object.entries(shape)) {
    // Another sentence reports a variable that is invalid anyway.
    if (!(name in config)) continue;
    const value = config[name];
    const { notInProduction, production } = (z.globalRegistry.get(schema) ?? {}) as ProductionRules;
    if (value === undefined) {
      if (production?.required) sentences.push(sentence(name, undefined, schema, ''));
    } else if (notInProduction?.includes(value))
      sentences.push(
        `${name} has a value that is only allowed in development: ${sentence(name, undefined, schema, '').replace(/^.*?: /, '')}`,
      );
    else if (production && !production.accepts(value))
      sentences.push(`${name} ${found(name, value)}: in production it must be ${production.rule}.`);
  }
  return sentences;
}
