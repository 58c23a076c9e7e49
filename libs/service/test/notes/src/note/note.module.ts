import { Module } from '@nestjs/common';
import { NoteController } from './note.controller.js';
import { NoteJobs } from './note.jobs.js';
import { NoteService } from './note.service.js';

@Module({ controllers: [NoteController], providers: [NoteService, NoteJobs] })
export class NoteModule {}
