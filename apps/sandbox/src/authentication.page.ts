const escape = (text: string) => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

/** The page of the guest's bank: the guest approves or declines the payment. */
export const challengePage = (intentId: string, challenge: string, amount: string) =>
  page(`<h1>Sandbox Bank</h1><p>Do you want to pay <b>${escape(amount)}</b>?</p>
<form method="post" action="/authenticate/${encodeURIComponent(intentId)}">
<input type="hidden" name="challenge" value="${escape(challenge)}">
<button name="outcome" value="approve">Approve</button> <button name="outcome" value="refuse">Decline</button></form>`);

export const outcomePage = (text: string, returnUrl: string | null) =>
  page(
    `<h1>Sandbox Bank</h1><p>${escape(text)}</p>${
      returnUrl
        ? `<p><a href="${escape(returnUrl)}">Back to the shop</a></p>`
        : '<p>You can close this page.</p>'
    }`,
  );

const page = (body: string) =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Sandbox Bank</title>
<meta name="viewport" content="width=device-width"><style>body{font:16px system-ui;margin:4rem auto;max-width:28rem}</style></head><body>${body}</body></html>`;
