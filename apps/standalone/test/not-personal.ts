/** The columns that contain no personal data, as docs/privacy.md lists those that do. */
export const NOT_PERSONAL_NAMES = [
  /(^|_)ids?$/,
  /(^|_)(at|date|time)$/,
  /_minor$/,
  /^(version|currency|provider|status|state|attempts?|tries|failure_code)$/,
];

/** The others, by database and table. */
export const NOT_PERSONAL: Record<string, Record<string, string>> = {
  'Every service': {
    account_erasure: 'last',
    account_export_chunk: 'position',
    admin_action: 'action subject_type',
    dead_letter: 'position topic key type source aggregate_version schema_version traceparent code detail',
    idempotency_key: 'method lease lease_until',
    inbox_event: 'type compacted discarded',
    outbox_cursor: 'sink xid',
    outbox_event: 'xid type topic key compacted aggregate_version schema_version traceparent refusal',
    schema_migration: 'name',
    storage_probe: 'filler',
    ended_session: 'reason',
  },
  identity: {
    erasure_request: 'completed_by',
    export_request: 'completed_by',
    live_event: 'sequence type data',
    external_identity: 'issuer',
    login_attempt: 'failures locked_until',
    mail: 'template',
    mfa_challenge: 'session_epoch method',
    notification: 'side template outcome',
    oidc_sign_in: 'token_hash redirect_uri',
    one_time_token: 'purpose',
    passkey: 'sign_count transports backed_up',
    passkey_challenge: 'challenge_hash purpose',
    phone_code: 'code_hash',
    report: 'subject_type reason decided_by',
    session: 'epoch method mfa_passed revoked_for',
    signing_key: 'kid public_jwk private_sealed active_from',
    stay: 'time_zone',
    totp_factor: 'last_step',
    user_account: 'mfa_exempt mfa_enabled session_epoch',
  },
  listings: {
    listing:
      'key status_before_suspension property_type room_type time_zone capacity bedrooms beds bathrooms amenities max_pets booking_mode cancellation_policy check_in_from check_out_until stay_rules imported',
    listing_calendar: 'blocked',
    listing_rating: 'rating_count rating_sum',
    listing_search:
      'key score room_type property_type capacity bedrooms beds bathrooms instant_book amenities min_nights max_nights rating_count rating_sum rating_order',
  },
  bookings: {
    booking:
      'booking_mode cancellation_policy time_zone check_in_from check_out_until preparation_nights refund_schedule respond_by expired_cause tiers_at_changes message_moderated',
    booking_change: 'proposed_by holds_nights',
    booking_history: 'by event from_state to_state',
    calendar_entry: 'kind nights live lane',
    calendar_export: 'with_imports',
    calendar_feed:
      'etag last_modified read_for empty_seen failures problem announced_problem asked lease lease_until',
    calendar_feed_event: 'own',
    calendar_feed_log: 'cause outcome problem counts clashes',
    calendar_import: 'source',
    calendar_listing: 'links_version',
    calendar_snapshot: 'blocked',
    erasure: 'last',
    listing_snapshot:
      'time_zone check_in_from check_out_until booking_mode capacity max_pets stay_rules cancellation_policy country_code',
    message: 'seq erased moderated_by',
    quote:
      'booking_mode cancellation_policy time_zone check_in_from check_out_until preparation_nights refund_schedule',
    thread: 'last_seq guest_read_seq host_read_seq guest_unread host_unread',
  },
  payments: {
    booking_split: 'ended',
    deferred_refund: 'cause reason requested_by retained',
    dispute: 'provider_ref reason',
    ledger_account: 'code',
    listing_name: 'country_code',
    movement: 'key leg',
    paid_stay: 'country_code',
    paper: 'kind legal_entity seller number',
    paper_counter: 'legal_entity last_number',
    paper_gap: 'legal_entity first_number last_number',
    payment: 'purpose provider_ref capture goal confirmed release_retained capture_before',
    payment_operation: 'kind key lease_until not_before shortages',
    payout: 'provider_ref rejection lease_until',
    payout_booking: 'time_zone cancelled',
    payout_line: 'instalment',
    reconciliation_run:
      'payments provider_payments movements counts differences scope since complete lease_until',
    refund: 'cause reason requested_by provider_ref paid_out_of_band',
    restoration: 'position restored_to ended_because',
    webhook_event: 'type ref outcome subject reported_currency account park_reason',
  },
  reviews: {
    host_evaluation: 'figures_version',
    rating: 'count overall_sum category_sums histogram',
    review: 'direction hidden_by reply_hidden_by',
    review_report: 'reason closed_by',
    reviewable_stay: 'guest_reviewed host_reviewed',
  },
};
