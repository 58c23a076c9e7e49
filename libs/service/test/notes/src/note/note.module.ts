import { Module } from '@nestjs/common';
import { NoteController } from './note.controller.js';
import { NoteJobs } from './note.jobs.js';
import { NoteQueries } from './note.queries.js';
import { NoteService } from './note.service.js';

@Module({ controllers: [NoteController], providers: [NoteService, NoteQueries, NoteJobs] })
export class NoteModule {}
