/** The books name an intent or a transfer. Databases of earlier versions have intents only. */
export const transferSchema = `
CREATE TABLE IF NOT EXISTS transfer (
  seq bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
  id text PRIMARY KEY,
  destination text NOT NULL,
  amount_minor bigint NOT NULL CHECK (amount_minor > 0),
  currency text NOT NULL,
  status text NOT NULL CHECK (status IN ('pending','paid','failed')),
  error_code text,
  metadata jsonb NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL DEFAULT now());
CREATE INDEX IF NOT EXISTS transfer_metadata ON transfer USING gin (metadata jsonb_path_ops);
ALTER TABLE book_entry ADD COLUMN IF NOT EXISTS transfer_id text REFERENCES transfer;
ALTER TABLE book_entry ALTER COLUMN intent_id DROP NOT NULL;
ALTER TABLE book_entry DROP CONSTRAINT IF EXISTS book_entry_kind_check;
ALTER TABLE book_entry DROP CONSTRAINT IF EXISTS book_entry_subject;
ALTER TABLE book_entry ADD CONSTRAINT book_entry_subject CHECK (
  CASE WHEN kind IN ('transfer','transfer_reversal') THEN transfer_id IS NOT NULL AND intent_id IS NULL
  ELSE intent_id IS NOT NULL AND transfer_id IS NULL END);
CREATE INDEX IF NOT EXISTS book_entry_transfer ON book_entry (transfer_id);
`;
