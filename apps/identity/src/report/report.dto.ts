import { ReasonText } from '@roost/audit';
import { Instant, Page, PageQuery, RequiredText, Uuid } from '@roost/http';
import { z } from 'zod';
import { userStatuses } from '../account/user.entity.js';

const MAX_TEXT = 2_000;

/** The counts of the queue are exact up to this number: each row of a page has its own. */
export const MAX_COUNT = 1_000;
const AT_MOST = `At most ${MAX_COUNT}: a higher number is not counted.`;

const SubjectType = z
  .enum(['user', 'listing', 'message', 'review', 'reply'])
  .meta({ id: 'ReportSubjectType' });
export type SubjectType = z.output<typeof SubjectType>;

/** `ReportReason` is the catalogue of `POST /v1/reviews/{id}/report`. */
const Reason = z
  .enum([
    'scam',
    'spam',
    'harassment',
    'discrimination',
    'inappropriate_content',
    'false_information',
    'personal_data',
    'other',
  ])
  .meta({ id: 'ReasonForReport' });

const Status = z.enum(['open', 'upheld', 'dismissed']).meta({ id: 'ReportStatus' });

export const CreateReport = z
  .strictObject({
    subjectType: SubjectType,
    subjectId: Uuid.meta({
      description:
        'A user, a listing, a message that you received, or a published review. For a reply: its review.',
    }),
    reason: Reason,
    text: RequiredText(MAX_TEXT).optional().meta({ description: 'Details for the moderators.' }),
  })
  .meta({ id: 'CreateReport' });
export type CreateReport = z.output<typeof CreateReport>;

export const Report = z
  .object({
    id: Uuid,
    subjectType: SubjectType,
    subjectId: Uuid,
    reason: Reason,
    text: z.string().nullable(),
    status: Status,
    createdAt: Instant,
  })
  .meta({ id: 'Report' });
export type Report = z.output<typeof Report>;

export const DecideReport = z
  .strictObject({
    note: ReasonText.meta({ description: 'An internal note on the decision, also for the audit log.' }),
  })
  .meta({ id: 'DecideReport' });
export type DecideReport = z.output<typeof DecideReport>;

/** The texts of a subject: the name and public bio of a user, the texts of a listing, or the text of a message, review or reply. */
export const ReportedContent = z
  .object({
    displayName: z.string().optional(),
    bio: z.string().optional().meta({ description: 'The bio of a user as the public profile shows it.' }),
    title: z.string().optional(),
    description: z.string().optional(),
    houseRules: z.string().optional(),
    text: z.string().optional(),
  })
  .meta({ id: 'ReportedContent' });
export type ReportedContent = z.output<typeof ReportedContent>;

const displayName = z.string().nullable().meta({ description: 'Null if the account is erased.' });

export const AdminReport = z
  .object({
    id: Uuid,
    status: Status,
    reason: Reason,
    text: z.string().nullable().meta({ description: 'Null if the reporter wrote nothing, or is erased.' }),
    createdAt: Instant,
    subject: z
      .object({
        type: SubjectType,
        id: Uuid,
        threadId: Uuid.nullable().meta({ description: 'The thread of a message.' }),
        content: ReportedContent.nullable().meta({
          description:
            'The texts as the reporter saw them at the time of the report. Null if their owner is erased.',
        }),
        otherReports: z
          .int()
          .meta({ description: `The other reports of this subject, in every status. ${AT_MOST}` }),
      })
      .meta({ id: 'ReportedSubject' }),
    owner: z
      .object({
        id: Uuid,
        displayName,
        status: z.enum(userStatuses).nullable(),
        upheldReports: z.int().meta({ description: AT_MOST }),
        dismissedReports: z.int().meta({ description: AT_MOST }),
        suspensions: z.int().meta({ description: AT_MOST }),
      })
      .nullable()
      .meta({
        id: 'ReportedOwner',
        description:
          'The user, the host of the listing, the sender of the message or the author of the review or reply, with the earlier decisions on them. Null for an imported review.',
      }),
    reporter: z.object({ id: Uuid, displayName }).meta({ id: 'Reporter' }),
    decision: z
      .object({ at: Instant, adminId: Uuid.nullable(), note: z.string().nullable() })
      .nullable()
      .meta({
        id: 'ReportDecision',
        description:
          'Without an administrator and a note, the report was upheld because its review or reply was hidden.',
      }),
  })
  .meta({ id: 'AdminReport' });
export type AdminReport = z.output<typeof AdminReport>;

export const AdminReportPage = Page(AdminReport);

export const AdminReportsQuery = z.strictObject({
  ...PageQuery,
  status: Status.default('open').meta({
    description: 'Open reports are listed oldest first, decided ones newest first.',
  }),
  subjectType: SubjectType.optional(),
  subjectId: Uuid.optional(),
  reason: Reason.optional(),
  reporterId: Uuid.optional(),
  ownerId: Uuid.optional().meta({
    description: 'The user, or the host, sender or author of the subject.',
  }),
  createdFrom: Instant.optional().meta({ description: 'Created at or after this instant.' }),
  createdTo: Instant.optional().meta({ description: 'Created before this instant.' }),
});
export type AdminReportsQuery = z.output<typeof AdminReportsQuery>;

/** A report with what a moderator needs, as one row. */
export interface AdminReportRow extends Omit<Report, 'createdAt'> {
  createdAt: Date;
  threadId: string | null;
  content: ReportedContent | null;
  otherReports: number;
  ownerId: string | null;
  ownerName: string | null;
  ownerStatus: (typeof userStatuses)[number] | null;
  upheldReports: number;
  dismissedReports: number;
  suspensions: number;
  reporterId: string;
  reporterName: string | null;
  decidedAt: Date | null;
  decidedBy: string | null;
  note: string | null;
}

export const toAdminReport = (row: AdminReportRow): AdminReport => ({
  id: row.id,
  status: row.status,
  reason: row.reason,
  text: row.text,
  createdAt: row.createdAt.toISOString(),
  subject: {
    type: row.subjectType,
    id: row.subjectId,
    threadId: row.threadId,
    content: row.content,
    otherReports: row.otherReports,
  },
  owner:
    row.ownerId === null
      ? null
      : {
          id: row.ownerId,
          displayName: row.ownerName,
          status: row.ownerStatus,
          upheldReports: row.upheldReports,
          dismissedReports: row.dismissedReports,
          suspensions: row.suspensions,
        },
  reporter: { id: row.reporterId, displayName: row.reporterName },
  decision: row.decidedAt && { at: row.decidedAt.toISOString(), adminId: row.decidedBy, note: row.note },
});
