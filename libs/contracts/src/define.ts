import { z } from 'zod';
import { tolerant } from './tolerant.js';

/** A state event is the whole public snapshot of its aggregate; a fact event is something that happened. */
export type EventKind = 'state' | 'fact';

export interface EventDefinition {
  readonly type: string;
  /** `<service>.privacy` is a template: every service publishes its own (see `topicOf`). */
  readonly topic: string;
  readonly kind: EventKind;
  /** The field of the body whose value is the aggregate's id: order holds per key. */
  readonly key: string;
  /** Of the schema, not of the aggregate. */
  readonly version: number;
  readonly schema: z.ZodObject;
  /** Paths of the body that are personal data. */
  readonly personal: readonly string[];
  /** Nothing comes after it: in a compacted topic a tombstone follows, so that the broker forgets the key. */
  readonly last: boolean;
}

interface TopicOptions<Topic extends string, Kind extends EventKind, Key extends string> {
  topic: Topic;
  kind: Kind;
  key: Key;
  personal?: readonly string[];
  /** The type after which a key is forgotten. */
  last?: string;
}

/** Declares the events of one topic: what every event has, and what each type adds. */
export function topic<
  Topic extends string,
  Kind extends EventKind,
  Key extends string,
  Base extends z.ZodRawShape & Record<Key, z.ZodType<string>>,
  Types extends Record<string, z.ZodRawShape>,
>(options: TopicOptions<Topic, Kind, Key>, base: Base, types: Types) {
  const defined: Record<string, EventDefinition> = {};
  for (const [type, extra] of Object.entries(types)) {
    defined[type] = {
      type,
      topic: options.topic,
      kind: options.kind,
      key: options.key,
      version: 1,
      schema: tolerant(z.object({ ...base, ...extra })).meta({ id: type }),
      personal: options.personal ?? [],
      last: options.last === type,
    };
  }
  return defined as {
    readonly [T in keyof Types & string]: {
      readonly type: T;
      readonly topic: Topic;
      readonly kind: Kind;
      readonly key: Key;
      readonly version: number;
      readonly schema: z.ZodObject<Omit<Base, keyof Types[T]> & Types[T]>;
      readonly personal: readonly string[];
      readonly last: boolean;
    };
  };
}

export const Id = z.uuid();
/** RFC 3339 in UTC, as `Date.toISOString()` writes it. */
export const Instant = z.iso.datetime();
/** A calendar date of the property. */
export const StayDate = z.iso.date();
export const Minor = z.int();
export const Currency = z.string().regex(/^[A-Z]{3}$/);
export const Version = z.int().min(1);
/** A reason is a code, never a person's words. */
export const Code = z
  .string()
  .regex(/^[a-z0-9]+([._-][a-z0-9]+)*$/)
  .max(100);
export const Provider = z.enum(['sandbox', 'stripe', 'paystack']);
