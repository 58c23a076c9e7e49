/** The routes over dead letters, outbox and jobs that every service has. */
export const OPERATIONS_ROUTES = [
  'GET /v1/admin/dead-letters',
  'GET /v1/admin/dead-letters/{id}',
  'GET /v1/admin/jobs',
  'GET /v1/admin/outbox',
  'GET /v1/admin/outbox/refused',
  'POST /v1/admin/dead-letters/redrive',
  'POST /v1/admin/dead-letters/{id}/discard',
  'POST /v1/admin/dead-letters/{id}/redrive',
  'POST /v1/admin/jobs/{id}/discard',
  'POST /v1/admin/jobs/{id}/retry',
  'POST /v1/admin/outbox/refused/resend',
  'POST /v1/admin/outbox/refused/{id}/discard',
  'POST /v1/admin/outbox/refused/{id}/resend',
] as const;
