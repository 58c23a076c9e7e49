import { randomUUID } from 'node:crypto';
import { golden, type TestResponse } from '@roost/testing';
import { startIdentity, type TestAccount, type TestIdentity } from './identity.fixture.js';
import { SubjectServices } from './subject-services.fixture.js';

export interface ReportBody extends Record<string, unknown> {
  id: string;
  status: string;
  createdAt: string;
}

export interface AdminReportBody extends ReportBody {
  subject: { id: string; content: object | null; otherReports: number };
  owner: Record<string, unknown> | null;
  reporter: object;
  decision: object | null;
}

/** Identity, with stand-ins for the services of the subjects. */
export class ReportsUnderTest {
  private constructor(
    readonly identity: TestIdentity,
    readonly services: SubjectServices,
    readonly admin: TestAccount,
  ) {}

  static async start(env: Record<string, string> = {}): Promise<ReportsUnderTest> {
    const services = await SubjectServices.start();
    const identity = await startIdentity({ ...services.env, ...env });
    return new ReportsUnderTest(identity, services, await identity.createUser({ roles: ['admin'] }));
  }

  as({ accessToken }: TestAccount) {
    return this.identity.with(accessToken);
  }

  report(reporter: TestAccount, body: object): Promise<TestResponse<ReportBody>> {
    return this.as(reporter).post<ReportBody>('/v1/reports', { reason: 'scam', ...body });
  }

  async givenReport(reporter: TestAccount, body: object): Promise<ReportBody> {
    const response = await this.report(reporter, body);
    expect(response).toMatchObject({ status: 201 });
    return response.body;
  }

  /** A published listing of this host. */
  givenListing(host: TestAccount): string {
    const id = randomUUID();
    const texts = { title: 'A flat', description: 'By the sea', houseRules: 'No parties' };
    this.services.show(`/v1/listings/${id}`, { id, hostId: host.id, city: 'Albany', ...texts });
    return id;
  }

  /** A message of this sender, in a thread in which only the reader takes part. */
  givenMessage(sender: TestAccount, reader: TestAccount): { id: string; threadId: string } {
    const [id, threadId] = [randomUUID(), randomUUID()];
    const body = {
      id,
      threadId,
      senderId: sender.id,
      text: 'Pay me by wire',
      sentAt: '2027-05-12T16:00:00Z',
    };
    this.services.show(`/v1/messages/${id}`, body, reader.accessToken);
    return { id, threadId };
  }

  givenReview(author: TestAccount | null, reply: { authorId: string; text: string } | null = null): string {
    const id = randomUUID();
    this.services.show(`/v1/reviews/${id}`, {
      id,
      authorId: author?.id ?? null,
      text: 'Awful people',
      reply,
    });
    return id;
  }

  async hideReview(reviewId: string): Promise<void> {
    await this.identity.service.deliver('review.hidden', { ...golden('review.hidden'), reviewId });
  }

  async hideReply(reviewId: string): Promise<void> {
    await this.identity.service.deliver('review.reply-hidden', {
      ...golden('review.reply-hidden'),
      reviewId,
    });
  }

  async list(
    query: Record<string, string> = {},
  ): Promise<{ data: AdminReportBody[]; nextCursor: string | null }> {
    const response = await this.as(this.admin).get<{ data: AdminReportBody[]; nextCursor: string | null }>(
      `/v1/admin/reports?${new URLSearchParams(query).toString()}`,
    );
    expect(response.status).toBe(200);
    return response.body;
  }

  async idsOf(query: Record<string, string>): Promise<string[]> {
    return (await this.list(query)).data.map(({ id }) => id);
  }

  decide(
    id: string,
    decision: 'uphold' | 'dismiss',
    headers: Record<string, string> = {},
    admin = this.admin,
  ) {
    return this.as(admin).post(`/v1/admin/reports/${id}/${decision}`, { note: 'Checked' }, headers);
  }

  async close(): Promise<void> {
    await this.identity.close();
    await this.services.close();
  }
}
