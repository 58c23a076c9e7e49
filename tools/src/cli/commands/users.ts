import { type Call, type Command, OperatorError, type Row, UsageError } from '../command.js';
import { confirm, CONFIRMED } from '../confirm.js';
import { findSystem, LOCATION } from '../system.js';

const MAX_REASON = 500;
const ERASED = new Set(['erased', 'already erased']);
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export const command: Command = {
  summary: 'Accounts of users.',
  actions: {
    erase: {
      summary:
        'Erases accounts as their users do with DELETE /v1/me, for users who were erased after the backup that was restored. It cannot be undone.',
      operands: '<id>…',
      options: {
        reason: { type: 'string', description: 'why, for the audit log (required)' },
        ...CONFIRMED,
        ...LOCATION,
      },
      run: erase,
    },
  },
};

async function erase({ options, operands, out }: Call): Promise<void> {
  const ids = [...new Set(operands.map((id) => id.toLowerCase()))];
  if (ids.length === 0) throw new UsageError('Pass the ids of the users.');
  const wrong = ids.find((id) => !UUID.test(id));
  if (wrong !== undefined) throw new UsageError(`"${wrong}" is not the id of a user.`);
  const reason = String(options.reason ?? '').trim();
  if (reason === '') throw new UsageError('Pass the reason for the audit log with --reason.');
  if (reason.length > MAX_REASON)
    throw new UsageError(`--reason must have at most ${MAX_REASON} characters.`);
  const system = findSystem(options);
  await confirm(
    `This erases ${ids.length === 1 ? 'the account' : `${ids.length} accounts`}, and can't be undone`,
    options,
  );

  const [{ OperatorErasureService }, { withReplica }] = await Promise.all([
    import('@roost/app-identity'),
    import('../replica.js'),
  ]);
  const results: (Row & { result: string })[] = [];
  try {
    await withReplica(system, 'identity', async (identity) => {
      const erasures = identity.get(OperatorErasureService);
      for (const id of ids)
        results.push({ user: id, result: await erasures.erase(id, reason).catch(refusalOf) });
    });
  } finally {
    // Also before an error: what is erased cannot be restored.
    if (results.length > 0) out.result(results, results);
  }
  const remaining = results.filter(({ result }) => !ERASED.has(result)).length;
  if (remaining > 0) throw new OperatorError(`${remaining} of ${ids.length} accounts were not erased.`);
}

/** Of an account that others depend on, with the first reasons; every other error ends the command. */
function refusalOf(error: unknown): string {
  const { code, extra } = error as {
    code?: string;
    extra?: { obligations?: { kind: string; id: string }[] };
  };
  if (code !== 'user.has_obligations') throw error;
  const named = (extra?.obligations ?? []).slice(0, 3).map(({ kind, id }) => `${kind} ${id}`);
  return `not erased before the end of ${named.join(', ')}`;
}
