import { Arg, Mutation, Query, Resolver } from '@roost/graphql';
import { type AuthUser, CurrentUser, StepUp, Uuid } from '@roost/http';
import { DataExport } from './export.dto.js';
import { ExportService } from './export.service.js';

@Resolver()
export class ExportResolver {
  constructor(private readonly exports: ExportService) {}

  @Query(DataExport, { description: 'An export of your data.' })
  dataExport(@CurrentUser() auth: AuthUser, @Arg('id', Uuid) id: string): Promise<DataExport> {
    return this.exports.read(auth, id);
  }

  @Mutation(DataExport, {
    description: 'Requests an export of your data. Poll it until it is ready; a mail is sent as well.',
  })
  @StepUp()
  requestDataExport(@CurrentUser() auth: AuthUser): Promise<DataExport> {
    return this.exports.request(auth);
  }
}
