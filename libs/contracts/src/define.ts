import { z } from 'zod';
import { tolerant } from './tolerant.js';

/** A state event is a complete public snapshot of its aggregate; a fact event records something that happened. */
export type EventKind = 'state' | 'fact';

export interface EventDefinition {
  readonly type: string;
  /** `<service>.privacy` is a template: every service publishes its own (see `topicOf`). */
  readonly topic: string;
  readonly kind: EventKind;
  /** The body field that contains the aggregate's id: events are ordered per key. */
  readonly key: string;
  /** The version of the schema, not of the aggregate. */
  readonly version: number;
  readonly schema: z.ZodObject;
  /** The body fields that contain personal data. */
  readonly personal: readonly string[];
  /**
   * The boolean body field that marks the last event of a key: in a compacted topic a tombstone follows, so that the broker
   * deletes the key.
   */
  readonly last: string | null;
}

interface TopicOptions<Topic extends string, Kind extends EventKind, Key extends string> {
  topic: Topic;
  kind: Kind;
  key: Key;
  personal?: readonly string[];
  /** See `EventDefinition.last`. */
  last?: string;
}

/** Declares the events of one topic: the fields that all types share, and the fields that each type adds. */
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
      last: options.last ?? null,
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
      readonly last: string | null;
    };
  };
}

export const Id = z.uuid();
/** RFC 3339 in UTC, in the format of `Date.toISOString()`. */
export const Instant = z.iso.datetime();
/** A calendar date of the property. */
export const StayDate = z.iso.date();
export const Minor = z.int();
export const Currency = z.string().regex(/^[A-Z]{3}$/);
export const Version = z.int().min(1);
/** A reason as a code; events contain no text written by users. */
export const Code = z
  .string()
  .regex(/^[a-z0-9]+([._-][a-z0-9]+)*$/)
  .max(100);
export const Provider = z.enum(['sandbox', 'stripe', 'paystack']);
