import { randomUUID } from 'node:crypto';
import { expectProblem } from '@roost/testing';
import type { TestAccount } from './identity.fixture.js';
import { ReportsUnderTest } from './reports.fixture.js';

let reports: ReportsUnderTest;
let ada: TestAccount;
let ben: TestAccount;
beforeAll(async () => {
  reports = await ReportsUnderTest.start({ REPORTS_PER_DAY: '3' });
});
beforeEach(async () => {
  [ada, ben] = await Promise.all([reports.identity.createUser(), reports.identity.createUser()]);
});
afterAll(() => reports.close());

const ofBen = () => ({ subjectType: 'user', subjectId: ben.id });

describe('201', () => {
  it('returns the report of a user', async () => {
    const response = await reports.report(ada, { ...ofBen(), text: ' Asks for my password \n' });
    expect(response).toMatchObject({
      status: 201,
      body: { ...ofBen(), reason: 'scam', text: 'Asks for my password', status: 'open' },
    });
  });

  it('stores who is responsible for the subject, and the texts that the reporter sees', async () => {
    await reports.as(ben).patch('/v1/me', { bio: 'I rent flats' });
    const listing = reports.givenListing(ben);
    const message = reports.givenMessage(ben, ada);
    await reports.givenReport(ada, ofBen());
    await reports.givenReport(ada, { subjectType: 'listing', subjectId: listing });
    await reports.givenReport(ada, { subjectType: 'message', subjectId: message.id });
    const { data } = await reports.list({ reporterId: ada.id });
    const name = data[0]?.owner?.displayName;
    expect(name).toEqual(expect.any(String));
    const owner = { id: ben.id };
    expect(data).toMatchObject([
      { owner, subject: { type: 'user', id: ben.id, content: { displayName: name, bio: 'I rent flats' } } },
      {
        ...{ owner },
        subject: {
          ...{ type: 'listing', id: listing },
          content: { title: 'A flat', description: 'By the sea', houseRules: 'No parties' },
        },
      },
      {
        ...{ owner },
        subject: { type: 'message', threadId: message.threadId, content: { text: 'Pay me by wire' } },
      },
    ]);
  });

  it('accepts a review, also an imported one, whose author has no account', async () => {
    const [review, imported] = [reports.givenReview(ben), reports.givenReview(null)];
    await reports.givenReport(ada, { subjectType: 'review', subjectId: review });
    await reports.givenReport(ada, { subjectType: 'review', subjectId: imported });
    expect((await reports.list({ reporterId: ada.id })).data).toMatchObject([
      { owner: { id: ben.id }, subject: { id: review, content: { text: 'Awful people' } } },
      { owner: null, subject: { id: imported } },
    ]);
  });

  it('accepts the reply to a review beside the review, each with its author', async () => {
    const cleo = await reports.identity.createUser();
    const review = reports.givenReview(ben, { authorId: cleo.id, text: 'Liar' });
    await reports.givenReport(ada, { subjectType: 'review', subjectId: review });
    await reports.givenReport(ada, { subjectType: 'reply', subjectId: review });
    expect((await reports.list({ reporterId: ada.id })).data).toMatchObject([
      { owner: { id: ben.id }, subject: { type: 'review', otherReports: 0 } },
      {
        owner: { id: cleo.id },
        subject: { type: 'reply', id: review, content: { text: 'Liar' }, otherReports: 0 },
      },
    ]);
    const own = await reports.report(cleo, { subjectType: 'reply', subjectId: review });
    expectProblem(own, 409, 'report.subject_is_own');
    await reports.hideReview(review);
    expect((await reports.list({ reporterId: ada.id })).data).toMatchObject([{ subject: { type: 'reply' } }]);
  });

  it('is returned again for the same Idempotency-Key', async () => {
    const key = { 'idempotency-key': 'report-once' };
    const body = { ...ofBen(), reason: 'spam' };
    const first = await reports.as(ada).post('/v1/reports', body, key);
    const again = await reports.as(ada).post('/v1/reports', body, key);
    expect(first.status).toBe(201);
    expect(again.body).toEqual(first.body);
    expect(await reports.idsOf({ reporterId: ada.id })).toHaveLength(1);
  });

  it('is the result of the mutation createReport', async () => {
    const { data, errors } = await reports
      .as(ada)
      .graphql(
        'mutation ($input: CreateReportInput!) { createReport(input: $input) { id subjectType reason text } }',
        { input: { ...ofBen(), reason: 'discrimination' } },
      );
    expect(errors).toEqual([]);
    expect(data?.createReport).toMatchObject({ subjectType: 'user', reason: 'discrimination', text: null });
  });
});

describe('409', () => {
  it('report.already_open while an earlier report of the same subject is open', async () => {
    const { id } = await reports.givenReport(ada, ofBen());
    const again = await reports.report(ada, { ...ofBen(), reason: 'spam' });
    expectProblem(again, 409, 'report.already_open');
    expect(again.body).toMatchObject({ reportId: id });
    await reports.givenReport(await reports.identity.createUser(), ofBen());
    await reports.decide(id, 'dismiss');
    expect((await reports.givenReport(ada, ofBen())).id).not.toBe(id);
  });

  it('for all but one of several reports of a subject at once', async () => {
    const responses = await Promise.all(Array.from({ length: 5 }, () => reports.report(ada, ofBen())));
    expect(responses.map(({ status }) => status).toSorted()).toEqual([201, 409, 409, 409, 409]);
  });

  it('report.subject_is_own for the own account, listing, message or review', async () => {
    const subjects = [
      { subjectType: 'user', subjectId: ada.id },
      { subjectType: 'listing', subjectId: reports.givenListing(ada) },
      { subjectType: 'message', subjectId: reports.givenMessage(ada, ada).id },
      { subjectType: 'review', subjectId: reports.givenReview(ada) },
    ];
    for (const subject of subjects)
      expectProblem(await reports.report(ada, subject), 409, 'report.subject_is_own');
  });
});

it.each(['user', 'listing', 'message', 'review'])('404 for an unknown %s', async (subjectType) => {
  const response = await reports.report(ada, { subjectType, subjectId: randomUUID() });
  expectProblem(response, 404, `${subjectType}.not_found`);
});

it('404 for the reply of a review without one, and for that of an unknown review', async () => {
  for (const subjectId of [reports.givenReview(ben), randomUUID()])
    expectProblem(await reports.report(ada, { subjectType: 'reply', subjectId }), 404, 'review.not_found');
});

it('404 for a message of a thread of others, and for a suspended user', async () => {
  const { id } = reports.givenMessage(ben, await reports.identity.createUser());
  expectProblem(
    await reports.report(ada, { subjectType: 'message', subjectId: id }),
    404,
    'message.not_found',
  );
  await reports.as(reports.admin).post(`/v1/admin/users/${ben.id}/suspend`, { reason: 'Fraud' });
  expectProblem(await reports.report(ada, ofBen()), 404, 'user.not_found');
});

it('429 after the limit of a day, counted per user', async () => {
  const statuses = await Promise.all(
    Array.from({ length: 5 }, async () => {
      const { id } = await reports.identity.createUser();
      return (await reports.report(ada, { subjectType: 'user', subjectId: id })).status;
    }),
  );
  expect(statuses.toSorted()).toEqual([201, 201, 201, 429, 429]);
  const response = await reports.report(ada, ofBen());
  expectProblem(response, 429, 'rate.too_many_reports');
  expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(86_000);
  await reports.identity.service.query(
    `UPDATE report SET created_at = created_at - interval '1 day' WHERE reporter_id = $1`,
    [ada.id],
  );
  await reports.givenReport(ada, ofBen());
});

it('503 while the service of the subject does not respond', async () => {
  const down = await ReportsUnderTest.start();
  try {
    const reporter = await down.identity.createUser();
    await down.services.close();
    const response = await down.report(reporter, { subjectType: 'message', subjectId: randomUUID() });
    expectProblem(response, 503, 'service.unavailable');
    expect(response.headers.get('retry-after')).toMatch(/^\d+$/);
    await down.givenReport(reporter, { subjectType: 'user', subjectId: down.admin.id });
  } finally {
    await down.identity.close();
  }
});

it('503 for a response without the expected fields', async () => {
  const id = randomUUID();
  reports.services.show(`/v1/messages/${id}`, { id });
  const response = await reports.report(ada, { subjectType: 'message', subjectId: id });
  expectProblem(response, 503, 'service.unavailable');
});

it.each([
  ['subjectType', 'booking'],
  ['subjectId', 'x'],
  ['reason', 'boring'],
  ['text', ''],
  ['text', '\u200b'],
  ['text', 'a\u0000'],
  ['text', 'a'.repeat(2001)],
  ['status', 'upheld'],
])('400 for %s %j', async (name, value) => {
  const response = await reports.report(ada, { ...ofBen(), [name]: value });
  expectProblem(response, 400, 'request.invalid', `/${name}`);
});

it('403 before the mail address is verified', async () => {
  const reporter = await reports.identity.createUser({ emailVerified: false });
  expectProblem(await reports.report(reporter, ofBen()), 403, 'auth.email_unverified');
});

it('409 and 429 do not ask the service of the subject again', async () => {
  const [first, ...others] = Array.from({ length: 3 }, () => ({
    ...{ subjectType: 'listing', subjectId: reports.givenListing(ben) },
  }));
  await reports.givenReport(ada, first ?? {});
  const before = reports.services.requests.length;
  expectProblem(await reports.report(ada, first ?? {}), 409, 'report.already_open');
  expect(reports.services.requests).toHaveLength(before);
  for (const other of others) await reports.givenReport(ada, other);
  const asked = reports.services.requests.length;
  const next = { subjectType: 'listing', subjectId: reports.givenListing(ben) };
  expectProblem(await reports.report(ada, next), 429, 'rate.too_many_reports');
  expect(reports.services.requests).toHaveLength(asked);
});

it('403 for a reporter who is suspended while the subject is read', async () => {
  const subject = { subjectType: 'listing', subjectId: reports.givenListing(ben) };
  reports.services.beforeResponse = async () => {
    await reports.as(reports.admin).post(`/v1/admin/users/${ada.id}/suspend`, { reason: 'Fraud' });
  };
  const response = await reports.report(ada, subject);
  reports.services.beforeResponse = null;
  expectProblem(response, 403, 'account.suspended');
  expect(await reports.idsOf({ reporterId: ada.id })).toEqual([]);
});

it('401 and 403 do not ask the service of the subject', async () => {
  const subject = { subjectType: 'listing', subjectId: reports.givenListing(ben), reason: 'scam' };
  const before = reports.services.requests.length;
  expectProblem(await reports.identity.anonymous.post('/v1/reports', subject), 401, 'auth.missing_token');
  await reports.as(reports.admin).post(`/v1/admin/users/${ada.id}/suspend`, { reason: 'Fraud' });
  expectProblem(await reports.report(ada, subject), 403, 'account.suspended');
  expect(reports.services.requests).toHaveLength(before);
});
