import { type Call, type Command, Misuse, Refusal } from '../command.js';
import { readPassword } from '../password.js';
import { findSystem, LOCATION } from '../system.js';

export const command: Command = {
  summary: 'Administrators: they are made here, and nowhere else.',
  actions: {
    create: {
      summary:
        'Makes an account with the role admin and prints its second factor and recovery codes, once. The password is asked for on the terminal, or read as the first line of standard input.',
      options: {
        email: { type: 'string', description: 'the mail address to log in with' },
        name: { type: 'string', description: 'how the person is called (default: Administrator)' },
        ...LOCATION,
      },
      run: create,
    },
  },
};

async function create({ options, out }: Call): Promise<void> {
  if (options.email === undefined) throw new Misuse('Say whose account: --email.');
  const { Administrators, Register } = await import('@roost/app-identity');
  const who = { email: String(options.email), displayName: String(options.name ?? 'Administrator') };
  const system = findSystem(options);
  const input = Register.safeParse({ ...who, password: await readPassword() });
  if (!input.success) throw new Refusal(sentence(input.error.issues[0]));

  const { withReplica } = await import('../replica.js');
  const made = await withReplica(system, 'identity', (identity) =>
    identity
      .get(Administrators)
      .create(input.data)
      .catch((error: unknown) => {
        throw isTooCommon(error) ? new Refusal('This password is too easily guessed: take another.') : error;
      }),
  );
  if (!made) throw new Refusal(`${input.data.email} has an account already: nothing has been changed.`);
  out.result(made, [
    { what: 'account', value: made.id },
    { what: 'mail address', value: made.email },
    { what: 'authenticator secret', value: made.secret },
    { what: 'authenticator link', value: made.otpauthUrl },
    ...made.recoveryCodes.map((code, i) => ({ what: `recovery code ${i + 1}`, value: code })),
  ]);
  out.progress(
    'Put the secret into an authenticator now and keep the recovery codes: they are not shown again.',
  );
}

function sentence(issue: { path: PropertyKey[]; message: string } | undefined): string {
  const names: Record<string, string> = {
    email: 'The mail address',
    displayName: 'The name',
    password: 'The password',
  };
  const name = names[String(issue?.path[0])] ?? 'That';
  const said = issue?.message ?? 'is not valid';
  return `${name} ${said.charAt(0).toLowerCase()}${said.slice(1)}.`;
}

const isTooCommon = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'code' in error && error.code === 'auth.password_too_common';
