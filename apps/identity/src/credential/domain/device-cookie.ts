import { z } from 'zod';

const NAME = 'roost_device';
/** The longest time that a session lasts without a new log-in. */
const TTL_SECONDS = 180 * 24 * 60 * 60;

/** A device on which a user has proven their identity. Written to its cookie, encrypted. */
const Device = z.object({ id: z.uuid(), userId: z.uuid(), provenAt: z.int() });
export type Device = z.output<typeof Device>;

/** Returns null for another value, and for a device whose last proof is too old. */
export function parseDevice(text: string, now: Date): Device | null {
  const device = Device.safeParse(JSON.parse(text)).data;
  return device && now.getTime() - device.provenAt <= TTL_SECONDS * 1000 ? device : null;
}

/** The value of the cookie in a `Cookie` header. */
export function cookieOf(header: string | undefined): string | undefined {
  return header
    ?.split(';')
    .map((pair) => pair.trim().split('='))
    .find(([name]) => name === NAME)?.[1];
}

/** The `Set-Cookie` header. Only log-ins receive the cookie, scripts can't read it, and pages of other sites can't send it. */
export function setCookie(value: string, { secure }: { secure: boolean }): string {
  const attributes = [`Max-Age=${TTL_SECONDS}`, 'Path=/v1/auth', 'HttpOnly', 'SameSite=Lax'];
  return [`${NAME}=${value}`, ...attributes, ...(secure ? ['Secure'] : [])].join('; ');
}
