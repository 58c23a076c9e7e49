import { Injectable } from '@nestjs/common';
import { SweepEvery } from '@roost/platform';
import { NoteService } from './note.service.js';

@Injectable()
export class NoteJobs {
  constructor(private readonly notes: NoteService) {}

  @SweepEvery(2, 'note.sweep')
  removeExpired(): Promise<void> {
    return this.notes.removeExpired();
  }
}
