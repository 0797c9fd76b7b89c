import type { Task } from '../task/task.ts';
import { type ImportTaskDependencies, importContacts } from './import-task.ts';
import { leaveSegments, type RemovalDependencies, removeSegment } from './removal.ts';

export type AudienceDependencies = RemovalDependencies & ImportTaskDependencies;

/** The tasks of the audience, for the worker that has the queue `transactional`. */
export const audienceTasks = [leaveSegments, removeSegment, importContacts] as Task<unknown, AudienceDependencies>[];
