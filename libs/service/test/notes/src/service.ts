import { defineService } from '@roost/service';
import { Migration0001Note } from '../migrations/migration0001-note.js';
import { NotesModule } from './app.module.js';
import { NotesConfig } from './config.js';
import { Note } from './note/note.entity.js';

export const notes = defineService({
  name: 'notes',
  port: 3099,
  description: 'Short texts of a user',
  module: NotesModule,
  config: NotesConfig,
  entities: [Note],
  migrations: [Migration0001Note],
  queue: true,
});
