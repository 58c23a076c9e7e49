import { type Call, type Command, UsageError, OperatorError } from '../command.js';
import { readPassword } from '../password.js';
import { findSystem, LOCATION } from '../system.js';

export const command: Command = {
  summary: 'Administrators. Only this command creates them.',
  actions: {
    create: {
      summary:
        'Creates an account with the role admin and prints its second factor and recovery codes, which are shown only once. The password is read from the terminal, or from the first line of standard input.',
      options: {
        email: { type: 'string', description: 'the mail address to log in with' },
        name: { type: 'string', description: 'the display name (default: Administrator)' },
        ...LOCATION,
      },
      run: create,
    },
  },
};

async function create({ options, out }: Call): Promise<void> {
  if (options.email === undefined) throw new UsageError('Pass the mail address of the account with --email.');
  const { AdministratorService, Register } = await import('@roost/app-identity');
  const who = { email: String(options.email), displayName: String(options.name ?? 'Administrator') };
  const system = findSystem(options);
  const input = Register.safeParse({ ...who, password: await readPassword() });
  if (!input.success) throw new OperatorError(sentence(input.error.issues[0]));

  const { withReplica } = await import('../replica.js');
  const created = await withReplica(system, 'identity', (identity) =>
    identity
      .get(AdministratorService)
      .create(input.data)
      .catch((error: unknown) => {
        throw isTooCommon(error)
          ? new OperatorError('This password is too common: choose another one.')
          : error;
      }),
  );
  if (!created) throw new OperatorError(`${input.data.email} has an account already: nothing was changed.`);
  out.result(created, [
    { what: 'account', value: created.id },
    { what: 'mail address', value: created.email },
    { what: 'authenticator secret', value: created.secret },
    { what: 'authenticator link', value: created.otpauthUrl },
    ...created.recoveryCodes.map((code, i) => ({ what: `recovery code ${i + 1}`, value: code })),
  ]);
  out.progress(
    'Add the secret to an authenticator now and store the recovery codes: they are not shown again.',
  );
}

function sentence(issue: { path: PropertyKey[]; message: string } | undefined): string {
  const names: Record<string, string> = {
    email: 'The mail address',
    displayName: 'The name',
    password: 'The password',
  };
  const name = names[String(issue?.path[0])] ?? 'A value';
  const message = issue?.message ?? 'is not valid';
  return `${name} ${message.charAt(0).toLowerCase()}${message.slice(1)}.`;
}

const isTooCommon = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'code' in error && error.code === 'auth.password_too_common';
