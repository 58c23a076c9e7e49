import { randomUUID } from 'node:crypto';
import { expectProblem } from '@roost/testing';
import { ReportJobs } from '../src/report/report.jobs.js';
import type { TestAccount } from './identity.fixture.js';
import { ReportsUnderTest } from './reports.fixture.js';

let reports: ReportsUnderTest;
let ada: TestAccount;
let ben: TestAccount;
beforeAll(async () => {
  reports = await ReportsUnderTest.start();
});
beforeEach(async () => {
  [ada, ben] = await Promise.all([reports.identity.createUser(), reports.identity.createUser()]);
});
afterAll(() => reports.close());

const ofBen = () => ({ subjectType: 'user', subjectId: ben.id });
const createUser = () => reports.identity.createUser();
const log = async (query: string) =>
  (await reports.as(reports.admin).get<{ data: object[] }>(`/v1/admin/audit-log?${query}`)).body.data;

describe('GET /v1/admin/reports', () => {
  it('lists open reports oldest first and decided ones newest first, in pages', async () => {
    const ids: string[] = [];
    for (let n = 0; n < 3; n++) ids.push((await reports.givenReport(await createUser(), ofBen())).id);
    const pages = async (status: string) => {
      const first = await reports.list({ ownerId: ben.id, status, limit: '2' });
      const second = await reports.list({
        ownerId: ben.id,
        status,
        limit: '2',
        cursor: first.nextCursor ?? '',
      });
      expect(second.nextCursor).toBeNull();
      return [first, second].map(({ data }) => data.map(({ id }) => id));
    };
    const [first, second, third] = ids;
    expect(await pages('open')).toEqual([[first, second], [third]]);
    for (const id of ids) await reports.decide(id, 'uphold');
    expect(await pages('upheld')).toEqual([[third, second], [first]]);
    expect(await reports.idsOf({ ownerId: ben.id })).toEqual([]);
  });

  it('filters by subject, type, reason, reporter, owner and time', async () => {
    const listing = reports.givenListing(ben);
    const user = await reports.givenReport(ada, ofBen());
    const flat = await reports.givenReport(ada, {
      ...{ subjectType: 'listing', subjectId: listing, reason: 'false_information' },
    });
    const [first, second] = [user.id, flat.id];
    const owner = { ownerId: ben.id };
    expect(await reports.idsOf(owner)).toEqual([first, second]);
    expect(await reports.idsOf({ reporterId: ada.id })).toEqual([first, second]);
    expect(await reports.idsOf({ reporterId: ben.id })).toEqual([]);
    expect(await reports.idsOf({ subjectId: listing })).toEqual([second]);
    expect(await reports.idsOf({ ...owner, subjectType: 'user' })).toEqual([first]);
    expect(await reports.idsOf({ ...owner, reason: 'false_information' })).toEqual([second]);
    expect(await reports.idsOf({ ...owner, createdFrom: flat.createdAt })).toContain(second);
    expect(await reports.idsOf({ ...owner, createdTo: user.createdAt })).toEqual([]);
    expect(await reports.idsOf({ ...owner, status: 'dismissed' })).toEqual([]);
  });

  it('shows the other reports of the subject, and the earlier decisions on its owner', async () => {
    const listing = reports.givenListing(ben);
    const [upheld, dismissed] = await Promise.all([
      reports.givenReport(await createUser(), ofBen()),
      reports.givenReport(await createUser(), ofBen()),
    ]);
    await reports.decide(upheld.id, 'uphold');
    await reports.decide(dismissed.id, 'dismiss');
    const account = `/v1/admin/users/${ben.id}`;
    await reports.as(reports.admin).post(`${account}/suspend`, { reason: 'Fraud' });
    await reports.as(reports.admin).post(`${account}/reinstate`, { reason: 'Settled' });
    await reports.givenReport(ada, { ...ofBen(), text: 'Again' });
    await reports.givenReport(ada, { subjectType: 'listing', subjectId: listing });
    const owner = { id: ben.id, status: 'active', upheldReports: 1, dismissedReports: 1, suspensions: 1 };
    expect((await reports.list({ ownerId: ben.id })).data).toMatchObject([
      { text: 'Again', owner, reporter: { id: ada.id }, subject: { otherReports: 2 }, decision: null },
      { text: null, owner, subject: { otherReports: 0 } },
    ]);
  });

  it('shows the texts as they were when the subject was reported', async () => {
    const listing = reports.givenListing(ben);
    await reports.givenReport(ada, { subjectType: 'listing', subjectId: listing });
    reports.services.show(`/v1/listings/${listing}`, { hostId: ben.id, title: 'Changed' });
    const [report] = (await reports.list({ subjectId: listing })).data;
    expect(report?.subject.content).toMatchObject({ title: 'A flat', description: 'By the sea' });
  });

  it('counts up to 1000', async () => {
    await reports.givenReport(ada, ofBen());
    await reports.identity.service.query(
      `INSERT INTO report (id, reporter_id, subject_type, subject_id, owner_id, reason, created_at, status, decided_at)
       SELECT gen_random_uuid(), gen_random_uuid(), 'user', $1, $1, 'scam', now(), status, now()
       FROM generate_series(1, 1001), unnest(ARRAY['upheld', 'dismissed']) status`,
      [ben.id],
    );
    const [report] = (await reports.list({ ownerId: ben.id })).data;
    expect(report).toMatchObject({
      subject: { otherReports: 1000 },
      owner: { upheldReports: 1000, dismissedReports: 1000, suspensions: 0 },
    });
  });

  it.each([
    ['limit', '0'],
    ['cursor', 'x'],
    ['status', 'closed'],
    ['subjectType', 'booking'],
    ['subjectId', 'x'],
    ['reason', 'boring'],
    ['reporterId', 'x'],
    ['ownerId', 'x'],
    ['createdFrom', 'today'],
    ['createdTo', 'x'],
    ['text', 'x'],
  ])('400 for %s=%s', async (name, value) => {
    const response = await reports.as(reports.admin).get(`/v1/admin/reports?${name}=${value}`);
    expectProblem(response, 400, 'request.invalid', name);
  });

  it('401 and 403 for everyone but administrators, and after a log-out', async () => {
    expectProblem(await reports.identity.anonymous.get('/v1/admin/reports'), 401, 'auth.missing_token');
    expectProblem(await reports.as(ada).get('/v1/admin/reports'), 403, 'auth.forbidden');
    const admin = await reports.identity.createUser({ roles: ['admin'] });
    await reports.as(admin).post('/v1/auth/logout');
    expectProblem(await reports.as(admin).get('/v1/admin/reports'), 401, 'auth.invalid_token');
  });
});

describe('a decision', () => {
  it.each([
    ['uphold', 'upheld'],
    ['dismiss', 'dismissed'],
  ] as const)('%s: 204, once per key, in the audit log; a second one is 409', async (decision, status) => {
    const { id } = await reports.givenReport(ada, ofBen());
    const key = { 'idempotency-key': `${decision}-${id}` };
    expect((await reports.decide(id, decision, key)).status).toBe(204);
    expect((await reports.decide(id, decision, key)).status).toBe(204);
    for (const other of ['uphold', 'dismiss'] as const)
      expectProblem(await reports.decide(id, other), 409, 'report.already_decided');
    const [report] = (await reports.list({ status, reporterId: ada.id })).data;
    expect(report).toMatchObject({ status, decision: { adminId: reports.admin.id, note: 'Checked' } });
    expect(await log(`subjectId=${id}`)).toMatchObject([
      { action: `report.${decision}`, adminId: reports.admin.id, subjectType: 'report', reason: 'Checked' },
    ]);
  });

  it('of two administrators at once is made once', async () => {
    const { id } = await reports.givenReport(ada, ofBen());
    const responses = await Promise.all([reports.decide(id, 'uphold'), reports.decide(id, 'dismiss')]);
    expect(responses.map(({ status }) => status).toSorted()).toEqual([204, 409]);
    expect(await log(`subjectId=${id}`)).toHaveLength(1);
  });

  it('403 for a report about the administrator; another administrator decides it', async () => {
    const admin = await reports.identity.createUser({ roles: ['admin'] });
    const { id } = await reports.givenReport(ada, { subjectType: 'user', subjectId: admin.id });
    expectProblem(await reports.decide(id, 'dismiss', {}, admin), 403, 'auth.forbidden');
    expect((await reports.decide(id, 'dismiss')).status).toBe(204);
  });

  it('403 for a report by the administrator; another administrator decides it', async () => {
    const admin = await reports.identity.createUser({ roles: ['admin'] });
    const { id } = await reports.givenReport(admin, ofBen());
    expectProblem(await reports.decide(id, 'uphold', {}, admin), 403, 'auth.forbidden');
    expect((await reports.decide(id, 'uphold')).status).toBe(204);
  });

  it('404, 403 and 400', async () => {
    expectProblem(await reports.decide(randomUUID(), 'uphold'), 404, 'report.not_found');
    const { id } = await reports.givenReport(ada, ofBen());
    expectProblem(await reports.decide(id, 'uphold', {}, ada), 403, 'auth.forbidden');
    for (const body of [{}, { note: '' }, { note: 'a'.repeat(501) }]) {
      const response = await reports.as(reports.admin).post(`/v1/admin/reports/${id}/uphold`, body);
      expectProblem(response, 400, 'request.invalid', '/note');
    }
  });
});

describe('a review that is hidden', () => {
  const ofReview = (subjectId: string) => ({ subjectType: 'review', subjectId });

  it('has its open reports upheld, once, without an administrator', async () => {
    const [review, other] = [reports.givenReview(ben), reports.givenReview(ben)];
    const { id } = await reports.givenReport(ada, ofReview(review));
    const dismissed = await reports.givenReport(await createUser(), ofReview(review));
    const kept = await reports.givenReport(ada, ofReview(other));
    await reports.decide(dismissed.id, 'dismiss');
    await reports.hideReview(review);
    expect(await reports.idsOf({ reporterId: ada.id })).toEqual([kept.id]);
    const [report] = (await reports.list({ subjectId: review, status: 'upheld' })).data;
    expect(report).toMatchObject({ id, decision: { adminId: null, note: null } });
    expect(await reports.idsOf({ subjectId: review, status: 'dismissed' })).toEqual([dismissed.id]);
    expectProblem(await reports.decide(id, 'dismiss'), 409, 'report.already_decided');
  });

  it('keeps a report open that was made after it was hidden and restored', async () => {
    const review = reports.givenReview(ben);
    const { id } = await reports.givenReport(ada, ofReview(review));
    await reports.identity.service.clock.advance('-PT1M');
    await reports.hideReview(review);
    await reports.identity.service.clock.reset();
    expect(await reports.idsOf({ subjectId: review })).toEqual([id]);
  });
});

describe('a reply that is hidden', () => {
  it('has its open reports upheld, and keeps those of its review open', async () => {
    const review = reports.givenReview(ben, { authorId: ada.id, text: 'Liar' });
    const reporter = await createUser();
    const ofReview = await reports.givenReport(reporter, { subjectType: 'review', subjectId: review });
    const ofReply = await reports.givenReport(reporter, { subjectType: 'reply', subjectId: review });
    await reports.hideReply(review);
    expect(await reports.idsOf({ subjectId: review })).toEqual([ofReview.id]);
    const [report] = (await reports.list({ subjectId: review, status: 'upheld' })).data;
    expect(report).toMatchObject({
      ...{ id: ofReply.id, subject: { type: 'reply' } },
      decision: { adminId: null, note: null },
    });
  });

  it('keeps its reports open when only the review is hidden', async () => {
    const review = reports.givenReview(ben, { authorId: ada.id, text: 'Liar' });
    const { id } = await reports.givenReport(await createUser(), { subjectType: 'reply', subjectId: review });
    await reports.hideReview(review);
    expect(await reports.idsOf({ subjectId: review })).toEqual([id]);
  });
});

describe('the texts of a decided report', () => {
  const decidedBefore = (id: string, days: number) =>
    reports.identity.service.query(
      `UPDATE report SET decided_at = now() - make_interval(days => $2, mins => 1) WHERE id = $1`,
      [id, days],
    );

  it('are deleted after the period from the decision, and the decision is kept', async () => {
    const reported = () => {
      const subjectId = reports.givenListing(ben);
      return reports.givenReport(ada, { subjectType: 'listing', subjectId, text: 'A secret complaint' });
    };
    const [old, recent, open] = await Promise.all([reported(), reported(), reported()]);
    for (const { id } of [old, recent]) await reports.decide(id, 'uphold');
    await decidedBefore(old.id, 730);
    await decidedBefore(recent.id, 729);
    const listed = async () => [
      ...(await reports.list({ ownerId: ben.id, status: 'upheld' })).data,
      ...(await reports.list({ ownerId: ben.id })).data,
    ];
    const before = await listed();

    await reports.identity.service.get(ReportJobs).deleteTexts();
    expect(await listed()).toEqual(
      before.map((report) =>
        report.id === old.id
          ? { ...report, text: null, subject: { ...report.subject, content: null } }
          : report,
      ),
    );
    expect(before.map(({ id }) => id)).toEqual(expect.arrayContaining([old.id, recent.id, open.id]));
  });
});

describe('the erasure', () => {
  const erase = async (account: TestAccount) =>
    expect((await reports.as(account).delete('/v1/me')).status).toBe(202);

  it('of a reporter deletes what they wrote', async () => {
    const { id } = await reports.givenReport(ada, { ...ofBen(), text: 'My secret complaint' });
    await erase(ada);
    expect(await reports.identity.service.tablesWith('My secret complaint')).toEqual([]);
    const [report] = (await reports.list({ ownerId: ben.id })).data;
    expect(report).toMatchObject({ id, text: null, reporter: { id: ada.id, displayName: null } });
  });

  it('of the owner deletes the copied texts, and keeps the decision', async () => {
    const message = reports.givenMessage(ben, ada);
    const { id } = await reports.givenReport(ada, { subjectType: 'message', subjectId: message.id });
    await reports.decide(id, 'uphold');
    await erase(ben);
    const [report] = (await reports.list({ subjectId: message.id, status: 'upheld' })).data;
    expect(report).toMatchObject({
      subject: { content: null },
      owner: { id: ben.id, displayName: null, status: 'erased' },
      decision: { note: 'Checked' },
    });
    expect(
      await reports.identity.service.query(
        'SELECT content FROM report WHERE owner_id = $1 AND content IS NOT NULL',
        [ben.id],
      ),
    ).toEqual([]);
  });
});
