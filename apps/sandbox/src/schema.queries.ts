import type { PoolClient } from 'pg';
import { transferSchema } from './transfer-schema.queries.js';

/** The provider's own database. Roost reads it by HTTP only. */
const schema = `
CREATE TABLE IF NOT EXISTS intent (
  seq bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
  id text PRIMARY KEY,
  status text NOT NULL CHECK (status IN ('requires_payment_method','requires_action','requires_capture','succeeded','canceled')),
  amount_minor bigint NOT NULL CHECK (amount_minor > 0),
  currency text NOT NULL,
  capture_method text NOT NULL CHECK (capture_method IN ('manual','automatic')),
  payment_method text,
  authorized_minor bigint NOT NULL DEFAULT 0,
  captured_minor bigint NOT NULL DEFAULT 0 CHECK (captured_minor <= authorized_minor),
  refunded_minor bigint NOT NULL DEFAULT 0 CHECK (refunded_minor <= captured_minor),
  capture_before timestamptz,
  error_code text,
  client_secret text NOT NULL,
  challenge text,
  return_url text,
  metadata jsonb NOT NULL DEFAULT '{}',
  version integer NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL DEFAULT now());
CREATE INDEX IF NOT EXISTS intent_metadata ON intent USING gin (metadata jsonb_path_ops);
CREATE TABLE IF NOT EXISTS refund (
  seq bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
  id text PRIMARY KEY,
  intent_id text NOT NULL REFERENCES intent,
  amount_minor bigint NOT NULL CHECK (amount_minor > 0),
  reason text,
  status text NOT NULL CHECK (status IN ('succeeded','failed')),
  metadata jsonb NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL DEFAULT now());
CREATE INDEX IF NOT EXISTS refund_intent ON refund (intent_id);
CREATE TABLE IF NOT EXISTS dispute (
  id text PRIMARY KEY,
  intent_id text NOT NULL REFERENCES intent,
  amount_minor bigint NOT NULL CHECK (amount_minor > 0),
  status text NOT NULL CHECK (status IN ('open','won','lost')),
  created_at timestamptz NOT NULL DEFAULT now());
CREATE INDEX IF NOT EXISTS dispute_intent ON dispute (intent_id);
ALTER TABLE dispute ADD COLUMN IF NOT EXISTS seq bigint GENERATED ALWAYS AS IDENTITY UNIQUE;
ALTER TABLE dispute ADD COLUMN IF NOT EXISTS under_review boolean NOT NULL DEFAULT false;
ALTER TABLE dispute ADD COLUMN IF NOT EXISTS reason text NOT NULL DEFAULT 'fraudulent';
ALTER TABLE dispute ADD COLUMN IF NOT EXISTS evidence_due_at timestamptz NOT NULL DEFAULT now();
CREATE TABLE IF NOT EXISTS book_entry (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  intent_id text NOT NULL REFERENCES intent,
  kind text NOT NULL CHECK (kind IN ('charge','refund','dispute','dispute_reversal')),
  amount_minor bigint NOT NULL,
  currency text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now());
CREATE INDEX IF NOT EXISTS book_entry_intent ON book_entry (intent_id);
CREATE TABLE IF NOT EXISTS idempotency_key (
  key text PRIMARY KEY,
  request text NOT NULL,
  status integer NOT NULL,
  body jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now());
CREATE TABLE IF NOT EXISTS webhook_event (
  seq bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
  id text PRIMARY KEY,
  type text NOT NULL,
  payload text NOT NULL,
  copies integer NOT NULL DEFAULT 1,
  attempts integer NOT NULL DEFAULT 0,
  due_at timestamptz NOT NULL,
  delivered_at timestamptz,
  lost boolean NOT NULL DEFAULT false,
  last_status text,
  created_at timestamptz NOT NULL DEFAULT now(),
  traceparent text);
CREATE INDEX IF NOT EXISTS webhook_event_due ON webhook_event (due_at) WHERE delivered_at IS NULL AND NOT lost;
CREATE TABLE IF NOT EXISTS switches (only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row), value jsonb NOT NULL);
`;

/** Creates the missing tables. Concurrent starts wait for each other. */
export async function createSchema(client: PoolClient): Promise<void> {
  await client.query(`SELECT pg_advisory_xact_lock(hashtext('roost_sandbox.schema'))`);
  await client.query(schema);
  await client.query(transferSchema);
}
