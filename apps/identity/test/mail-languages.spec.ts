import { CLIENT_PAGES } from '@roost/platform';
import { LOCALES } from '@roost/contracts';
import { OPTIONAL_TEMPLATES } from '../src/notification/domain/notification.js';
import { sampleMail, type SampleMail, sampleMails, USER_TEXTS } from './mail.fixture.js';

const ERASED = { ...USER_TEXTS, city: null, guestName: null, hostName: null };
/** Titles, names and ids belong to users or are the same in every language. */
const DATA =
  /Canal loft|Amsterdam|Europe\/\w+|Ada|Noor|Roost|https:\S+|[\w-]+@[\w.]+|\b[\w-]{30,}\b|\w+_\w+/g;

/** The text that a reader of the HTML sees, without tags. */
const seen = (html: string): string =>
  html
    .replace(/<head>.*<\/head>/s, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&quot;/g, '"')
    .replace(/&#39;/g, "'")
    .replace(/&amp;/g, '&');
const words = (text: string): string => text.replace(/\s+/g, ' ').trim();
const urlsOf = (text: string): string[] => [...new Set(text.match(/https:[^\s"<]+/g))].sort();
const lines = ({ text }: SampleMail): string[] => text.split('\n').filter((line) => line.trim() !== '');

describe.each(LOCALES)('every mail in %s', (locale) => {
  const mails = [...sampleMails(locale), ...sampleMails(locale, { users: ERASED })];

  it.each(mails.map((mail): [string, SampleMail] => [`${mail.template} ${mail.side ?? ''}`, mail]))(
    '%s is marked with its language, on a page that loads nothing',
    (_, { html }) => {
      expect(html).toContain(`<!doctype html><html lang="${locale}">`);
      expect(html).not.toMatch(/<(script|img|link|iframe)|src=|url\(/);
    },
  );

  it('has the same facts and links as text and as HTML', () => {
    for (const mail of mails) {
      const page = words(seen(mail.html));
      const missing = lines(mail).filter((line) => {
        // A line is a paragraph, the label and value of a row, or the label and URL of a link.
        const [, label = '', value = ''] = /^(.+?)\s?: +(\S.*)$/.exec(line) ?? [];
        const row = `${label} ${value.startsWith('https:') ? '' : value}`;
        return !page.includes(words(line)) && (label === '' || !page.includes(words(row)));
      });
      expect([mail.template, missing]).toEqual([mail.template, []]);
      expect(urlsOf(mail.html)).toEqual(urlsOf(mail.text));
      expect(words(seen(mail.html))).toContain(words(mail.subject));
    }
  });

  it('links to one page of the client, and an optional mail also to the notification settings', () => {
    for (const { template, html } of mails) {
      const optional = OPTIONAL_TEMPLATES.some((each) => each === template);
      const pages = urlsOf(html).map((url) => new URL(url).pathname.split('/')[1]);
      const [page, ...more] = pages.filter((each) => each !== 'notification-settings');
      expect(Object.keys(CLIENT_PAGES)).toContain(page);
      expect(more).toEqual([]);
      expect(pages.includes('notification-settings')).toBe(optional);
    }
  });

  it('has no link without pages of a client', () => {
    for (const { text, html } of sampleMails(locale, { clientUrls: '' }))
      expect(text + html).not.toMatch(/https?:|href/);
  });

  it('escapes texts of users in HTML, and no text adds a line or a header', () => {
    const hostile = `<img src=x onerror=alert(1)> & "x'\r\nBcc: eve@example.com\u2028Reason: x`;
    const users = { title: hostile, city: hostile, guestName: hostile, hostName: hostile };
    for (const { subject, text, html } of sampleMails(locale, { users })) {
      expect(subject).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u);
      expect(html).not.toMatch(/<img|x'\s/);
      expect(text).not.toMatch(/^(Bcc|Reason: x)/m);
    }
  });
});

it('has no English sentence in another language', () => {
  const english = sampleMails('en');
  for (const locale of LOCALES.filter((each) => each !== 'en')) {
    for (const [index, mail] of sampleMails(locale).entries()) {
      const source = english[index];
      if (!source) throw new Error(`${mail.template} has no English sample`);
      const texts = new Set(lines(source).map((line) => line.replace(DATA, '').trim()));
      const untranslated = lines(mail)
        .map((line) => line.replace(DATA, '').trim())
        .filter((line) => /\p{L}{3}/u.test(line) && texts.has(line));
      expect([mail.template, untranslated]).toEqual([mail.template, []]);
      expect(mail.text.replace(DATA, '')).not.toMatch(
        /\b(the|you|your|is|was|were|has|have|with|this|that|from|will|not|if|and|for|of)\b/i,
      );
      expect(mail.subject).not.toBe(source.subject);
    }
  }
});

it('has the same amounts and details in every language', () => {
  const digits = ({ text }: SampleMail) => text.replace(DATA, '').match(/\d/g)?.length;
  const rows = ({ html }: SampleMail) => html.match(/<tr>/g)?.length ?? 0;
  const english = sampleMails('en');
  for (const locale of LOCALES)
    for (const [index, mail] of sampleMails(locale).entries()) {
      const source = english[index];
      expect([mail.template, source && digits(source), source && rows(source)]).toEqual([
        mail.template,
        digits(mail),
        rows(mail),
      ]);
    }
});

describe('French mails', () => {
  const mails = [...sampleMails('fr'), ...sampleMails('fr', { users: ERASED })];

  it('have non-breaking spaces before two-part punctuation and inside guillemets', () => {
    for (const { subject, text, html } of mails) {
      const texts = `${subject}\n${text}\n${seen(html)}`.replace(/https:\S+/g, '');
      expect(texts).not.toMatch(/[^\u00a0\u202f\d][:;?!»](?=\s|$)|«[^\u00a0]/m);
      expect(texts).not.toMatch(/'/);
    }
  });

  it('have dates, times and amounts of the region of the reader', () => {
    const confirmed = sampleMail(sampleMails('fr'), 'booking-confirmed', 'guest');
    expect(confirmed.text).toMatch(/Arrivée\u00a0: +jeudi 10 juin 2027, à partir de 15:00/);
    expect(confirmed.text).toContain('1\u202f234,56\u00a0€');
    const canadian = sampleMail(sampleMails('fr-CA'), 'booking-confirmed', 'guest');
    expect(canadian.html).toContain('<html lang="fr">');
    expect(canadian.text).toMatch(/Arrivée\u00a0: +jeudi 10 juin 2027, à partir de 15\sh\s00/);
    expect(canadian.text).toContain('1\u00a0234,56\u00a0€');
  });

  it('elide “de” before a vowel', () => {
    const published = (guestName: string) => {
      const users = { ...USER_TEXTS, guestName };
      return sampleMail(sampleMails('fr', { users }), 'review-published', 'host').text;
    };
    expect(published('Élodie')).toContain('l’avis d’Élodie.');
    expect(published('Marie')).toContain('l’avis de Marie.');
  });
});
