import { jest } from '@jest/globals';
import { describeInBrowser, openBrowser } from '@roost/testing/browser';
import type { Browser, Page } from 'playwright-core';
import { ORIGIN, type Options, PasskeyClient } from './authenticator.fixture.js';
import { claimsOf, startIdentity, type TestIdentity } from './identity.fixture.js';

jest.setTimeout(120_000);

describeInBrowser('passkeys in a browser', () => {
  let identity: TestIdentity;
  let browser: Browser;
  let page: Page;
  beforeAll(async () => {
    identity = await startIdentity();
    browser = await openBrowser();
    const context = await browser.newContext();
    await context.route(`${ORIGIN}/**`, (route) =>
      route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>Client</title>' }),
    );
    page = await context.newPage();
    await page.goto(`${ORIGIN}/`);
    const devtools = await context.newCDPSession(page);
    await devtools.send('WebAuthn.enable');
    await devtools.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2',
        transport: 'internal',
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    });
  });
  afterAll(async () => {
    await browser?.close();
    await identity?.close();
  });

  /** Evaluated in the page, whose types the specs do not have. */
  const create = (options: Options): Promise<unknown> =>
    page.evaluate(`(async () => (await navigator.credentials.create({
      publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(${JSON.stringify(options)}),
    })).toJSON())()`);
  const get = (options: Options): Promise<unknown> =>
    page.evaluate(`(async () => (await navigator.credentials.get({
      publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(${JSON.stringify(options)}),
    })).toJSON())()`);

  it('are registered, log in without a name or password, and confirm the identity', async () => {
    const passkeys = new PasskeyClient(identity);
    const ada = await identity.createUser();
    const registered = await passkeys.register(ada, await create(await passkeys.creationOptions(ada)));
    expect(registered.status).toBe(201);

    const loggedIn = await passkeys.send(await get(await passkeys.logInOptions()));
    expect(loggedIn.status).toBe(200);
    expect(claimsOf(loggedIn.body.accessToken).sub).toBe(ada.id);

    await identity.shiftTime(301);
    const { body: stale } = await identity.refresh(loggedIn.body.refreshToken);
    const stepped = await passkeys.stepUp(stale, await get(await passkeys.stepUpOptions(stale)));
    expect(stepped.status).toBe(200);
    await passkeys.creationOptions(stepped.body);
  });
});
