import { z } from 'zod';

/** The name of a schema: its `.meta({ id })`. */
export const nameOf = (schema: z.core.$ZodType): string | undefined => z.globalRegistry.get(schema)?.id;

export const descriptionOf = (schema: z.core.$ZodType): string | undefined =>
  z.globalRegistry.get(schema)?.description;
