import { startIdentity } from './identity.fixture.js';
import { PAGE, TestProvider } from './oidc.fixture.js';

let provider: TestProvider;
beforeAll(async () => {
  provider = await TestProvider.start();
});
afterAll(() => provider.close());

describe('OIDC_PROVIDERS', () => {
  const start = (text: string, env: Record<string, string> = {}) =>
    startIdentity({ OIDC_PROVIDERS: text, ...env });
  const settings = () => provider.settings('main');

  it.each<[name: string, text: () => string]>([
    ['text that is no JSON', () => '[{'],
    ['an unknown field', () => JSON.stringify([{ ...settings(), tenant: 'x' }])],
    ['no page', () => JSON.stringify([{ ...settings(), redirectUris: [] }])],
    ['a page with a query', () => JSON.stringify([{ ...settings(), redirectUris: [`${PAGE}?a=b`] }])],
    ['scopes without openid', () => JSON.stringify([{ ...settings(), scopes: ['email'] }])],
    [
      'two providers with one id',
      () => JSON.stringify([settings(), { ...settings(), issuer: 'https://other.example' }]),
    ],
    ['two providers with one issuer', () => JSON.stringify([settings(), { ...settings(), id: 'second' }])],
    [
      'two spellings of one issuer',
      () => JSON.stringify([settings(), { ...settings(), id: 'second', issuer: `${provider.issuer}/` }]),
    ],
  ])('with %s stops the start, without a secret in the message', async (_, text) => {
    const message = await start(text()).then(
      () => 'started',
      (error: Error) => error.message,
    );
    expect(message).toMatch(/^OIDC_PROVIDERS has a value that is not allowed: it must be a JSON array/);
    expect(message).not.toContain('secret of the client');
  });

  it('without https stops the start in production', async () => {
    await expect(start(JSON.stringify([settings()]), { ROOST_ENV: 'production' })).rejects.toThrow(
      /^OIDC_PROVIDERS has a value that is not allowed: in production it must be .* https URLs\.$/m,
    );
  });
});
