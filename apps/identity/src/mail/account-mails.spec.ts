import { renderAccountMail } from './account-mails.js';
import { ClientLinks } from './client-links.js';

const reader = (more: { displayName?: string; locale?: string } = {}) => ({
  displayName: 'Ada',
  locale: 'en',
  ...more,
});
const withoutPages = new ClientLinks({ CLIENT_URLS: '' });
const withPages = new ClientLinks({
  CLIENT_URLS: 'verify-email=https://app.example.com/verify#token={token},booking=https://app.example.com/',
});

it('renders a mail as text and as HTML', () => {
  const mail = renderAccountMail('verify-email', { token: 'c0de' }, reader(), withoutPages);
  expect(mail.subject).toBe('Confirm your mail address');
  expect(mail.text).toContain('Hello Ada,');
  expect(mail.text).toMatch(/^ {4}c0de$/m);
  expect(mail.html).toContain('<p>Hello Ada,</p>');
  expect(mail.html).toMatch(/<code[^>]*>c0de<\/code>/);
});

it('is in the language of the reader', () => {
  const { subject, text } = renderAccountMail(
    'verify-email',
    { token: 'c0de' },
    reader({ locale: 'fr-CA' }),
    withoutPages,
  );
  expect(subject).toBe('Confirmez votre adresse e-mail');
  expect(text).toContain('Bonjour Ada,');
});

it('links to the page of the client with the encoded token, beside the code', () => {
  const { text, html } = renderAccountMail('verify-email', { token: 'a/b&c"' }, reader(), withPages);
  expect(text).toContain('https://app.example.com/verify#token=a%2Fb%26c%22\n');
  expect(html).toContain('href="https://app.example.com/verify#token=a%2Fb%26c%22"');
  expect(text).toMatch(/^ {4}a\/b&c"$/m);
  const other = renderAccountMail('reset-password', { token: 'c0de' }, reader(), withPages);
  expect(other.html).not.toContain('href');
});

it('escapes HTML in display names', () => {
  const displayName = `<img src=x onerror="a('b')">&`;
  const { html, text } = renderAccountMail('password-changed', {}, reader({ displayName }), withoutPages);
  expect(html).toContain('Hello &lt;img src=x onerror=&quot;a(&#39;b&#39;)&quot;&gt;&amp;,');
  expect(html).not.toContain('<img');
  expect(text).toContain(`Hello <img src=x onerror="a('b')">&,`);
});
