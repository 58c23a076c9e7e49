import { Arg, Mutation, Resolver } from '@roost/graphql';
import { type AuthUser, CurrentUser, VerifiedEmail } from '@roost/http';
import { CreateReport, Report } from './report.dto.js';
import { ReportService } from './report.service.js';

@Resolver()
export class ReportResolver {
  constructor(private readonly reports: ReportService) {}

  @VerifiedEmail()
  @Mutation(Report, {
    description:
      'Reports a user, a listing, a message that you received, a review, or the reply to a review.',
  })
  createReport(
    @CurrentUser() reporter: AuthUser,
    @Arg('input', CreateReport) input: CreateReport,
  ): Promise<Report> {
    return this.reports.create(reporter, input);
  }
}
