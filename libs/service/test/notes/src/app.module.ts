import { Module } from '@nestjs/common';
import { NoteModule } from './note/note.module.js';

@Module({ imports: [NoteModule] })
export class NotesModule {}
