/** The statements that create the audit log of a service. It is append-only, as the ledger. */
export const CREATE_AUDIT_LOG: readonly string[] = [
  `CREATE TABLE admin_action (
    id uuid PRIMARY KEY,
    at timestamptz NOT NULL,
    -- null: an operator at the command line
    admin_id uuid,
    action text NOT NULL,
    subject_type text NOT NULL,
    subject_id text NOT NULL,
    reason text,
    request_id text,
    details jsonb NOT NULL
  )`,
  `CREATE INDEX admin_action_newest ON admin_action (at, id)`,
  `CREATE FUNCTION admin_action_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    RAISE EXCEPTION 'the audit log is append-only: % is refused', TG_OP USING ERRCODE = 'insufficient_privilege';
  END $$`,
  `CREATE TRIGGER admin_action_append_only BEFORE UPDATE OR DELETE ON admin_action
  FOR EACH ROW EXECUTE FUNCTION admin_action_is_append_only()`,
  `CREATE TRIGGER admin_action_keeps BEFORE TRUNCATE ON admin_action
  FOR EACH STATEMENT EXECUTE FUNCTION admin_action_is_append_only()`,
  `ALTER TABLE admin_action ENABLE ALWAYS TRIGGER admin_action_append_only`,
  `ALTER TABLE admin_action ENABLE ALWAYS TRIGGER admin_action_keeps`,
];

/** The statements that create the indexes of the filters; the audit log of payments was created without them. */
export const INDEX_AUDIT_LOG: readonly string[] = [
  `CREATE INDEX admin_action_admin ON admin_action (admin_id, at, id)`,
  `CREATE INDEX admin_action_action ON admin_action (action, at, id)`,
  `CREATE INDEX admin_action_subject ON admin_action (subject_id, at, id)`,
];
