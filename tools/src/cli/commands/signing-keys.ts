import { type Call, type Command, OperatorError } from '../command.js';
import { confirm, CONFIRMED } from '../confirm.js';
import { findSystem, LOCATION } from '../system.js';

export const command: Command = {
  summary: 'The keys that sign access tokens. Identity rotates them every 90 days by itself.',
  actions: {
    rotate: {
      summary:
        'Creates the next key. It signs after ten minutes, when every service has read it, and no token becomes invalid.',
      options: {
        'at-once': {
          type: 'boolean',
          description:
            'for a key that others may have: within five minutes its tokens are invalid, and clients refresh',
        },
        ...LOCATION,
        ...CONFIRMED,
      },
      run: rotate,
    },
  },
};

async function rotate({ options, out }: Call): Promise<void> {
  const atOnce = options['at-once'] === true;
  const system = findSystem(options);
  if (atOnce) await confirm('Every access token becomes invalid', options);
  const { SigningKeyService } = await import('@roost/app-identity');
  const { withReplica } = await import('../replica.js');
  const keys = await withReplica(system, 'identity', async (identity) => {
    const signingKeys = identity.get(SigningKeyService);
    if (process.env.JWT_PRIVATE_KEY?.trim() || process.env.JWT_PRIVATE_KEY_FILE?.trim())
      throw new OperatorError(
        'JWT_PRIVATE_KEY is set: replace its value, as docs/runbooks/rotate-jwt-keys.md says.',
      );
    await signingKeys.rotate({ atOnce });
    return (await signingKeys.published()).keys.map(({ kid }) => ({ kid }));
  });
  out.result(keys, keys);
}
