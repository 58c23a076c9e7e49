import { z } from 'zod';

const ClientData = z.object({ challenge: z.string().max(1_000), origin: z.string().max(1_000) });
/** The data of a browser about its call of WebAuthn. The passkey signs it. */
export type ClientData = z.output<typeof ClientData>;

/** Reads the `clientDataJSON` of a response. Null if it is malformed. */
export function parseClientData(encoded: string): ClientData | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(encoded, 'base64url').toString());
    return ClientData.safeParse(value).data ?? null;
  } catch {
    return null;
  }
}
