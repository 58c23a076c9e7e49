import { renderAccountMail } from './account-mails.js';

it('renders a mail as text and as HTML', () => {
  const mail = renderAccountMail('verify-email', { displayName: 'Ada', token: 'c0de' });
  expect(mail.subject).toBe('Confirm your mail address');
  expect(mail.text).toContain('Hello Ada,');
  expect(mail.text).toMatch(/^ {4}c0de$/m);
  expect(mail.html).toContain('<p>Hello Ada,</p>');
  expect(mail.html).toContain('<code>c0de</code>');
});

it('escapes HTML in display names', () => {
  const { html, text } = renderAccountMail('password-changed', {
    displayName: `<img src=x onerror="a('b')">&`,
  });
  expect(html).toContain('Hello &lt;img src=x onerror=&quot;a(&#39;b&#39;)&quot;&gt;&amp;,');
  expect(html).not.toContain('<img');
  expect(text).toContain(`Hello <img src=x onerror="a('b')">&,`);
});
