import { readFileSync } from 'node:fs';
import { z } from 'zod';

export const SandboxConfig = z.object({
  ROOST_ENV: z.enum(['development', 'test', 'production']).default('development'),
  BIND_HOST: z.string().default('127.0.0.1'),
  PORT: z.coerce.number().int().min(0).max(65_535).default(3010),
  DATABASE_URL: z
    .url({ protocol: /^postgres(ql)?$/ })
    .default('postgresql://postgres@127.0.0.1:54320/roost_sandbox'),
  /** The address of this server for the guest's browser; by default its own address. */
  SANDBOX_PUBLIC_URL: z.url({ protocol: /^https?$/ }).optional(),
  SANDBOX_WEBHOOK_URL: z.url({ protocol: /^https?$/ }).default('http://127.0.0.1:3004/v1/webhooks/sandbox'),
  SANDBOX_WEBHOOK_SECRET: z.string().min(16).default('sandbox-webhook-secret-for-development'),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
});
export type SandboxConfig = z.output<typeof SandboxConfig>;

/** Reads and checks the variables. The error of an invalid value names its variable. */
export function readConfig(env: NodeJS.ProcessEnv): SandboxConfig {
  const read = { ...env };
  for (const name of Object.keys(SandboxConfig.shape)) {
    const file = env[`${name}_FILE`];
    if (file) read[name] = readFileSync(file, 'utf8').trim();
  }
  const parsed = SandboxConfig.safeParse(read);
  if (!parsed.success) {
    throw new Error(
      parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '),
    );
  }
  if (parsed.data.ROOST_ENV === 'production') {
    throw new Error('ROOST_ENV: the sandbox provider moves no real money and does not start in production');
  }
  return parsed.data;
}
