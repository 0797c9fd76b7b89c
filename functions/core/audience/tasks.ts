import type { Task } from '../task/task.ts';
import type { ImportTaskDependencies } from './import/run.ts';
import { importContacts } from './import/task.ts';
import { recountMembers } from './recount.ts';
import { leaveSegments, type RemovalDependencies, removeSegment } from './removal.ts';

/** The dependencies of the audience's tasks. */
export type AudienceTaskDependencies = RemovalDependencies & ImportTaskDependencies;

/** The tasks of the audience, for the worker that has the queue `transactional`. */
export const audienceTasks: readonly Task<unknown, AudienceTaskDependencies>[] = [
  leaveSegments,
  removeSegment,
  recountMembers,
  importContacts,
];
