import { type Callable, type Callers, violations } from './access-matrix.js';
import { type Operator, STATEFUL_SERVICES } from './operator.fixture.js';

/** An import of blocks has one entry per listing that it changes; the listing of this request does not exist. */
const WITHOUT_CHANGE = new Set(['POST /v1/admin/imports/blocks']);

/** Whether only administrators may call it, and it may change something. */
export const isAdministration = ({ name, rule }: Callable): boolean =>
  rule.roles?.join() === 'admin' && !/^(GET|query) /.test(name);

/** As `violations`, and each act of an administrator without exactly one entry in the audit logs of all services. */
export async function auditedViolations(
  callable: Callable,
  callers: Callers,
  operator: Operator,
): Promise<string[]> {
  if (!isAdministration(callable)) return violations(callable, callers);
  const before = await countEntries(operator);
  const found = await violations(callable, callers);
  const added = (await countEntries(operator)) - before;
  const isAct = callable.error === undefined && !WITHOUT_CHANGE.has(callable.name);
  const expected = isAct ? 1 : 0;
  if (added !== expected) found.push(`${callable.name}: ${added} entries in the audit logs, not ${expected}`);
  return found;
}

async function countEntries(operator: Operator): Promise<number> {
  const counts = await Promise.all(
    STATEFUL_SERVICES.map(async (service) => {
      const [row] = await operator.query<{ count: number }>(
        service,
        'SELECT count(*)::int AS count FROM admin_action',
      );
      return row?.count ?? 0;
    }),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}
