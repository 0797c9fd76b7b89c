import { inject } from 'vitest';
import { canRun } from './backend.ts';
import { runningDeployment } from './deployment.ts';
import { visiting } from './visitor.ts';

/** False without a browser, or without a server for the backend. */
export const isWanted = canRun && inject('browser') !== '';

/** The deployment of this file. */
export const deployment = runningDeployment(isWanted);

/** The tab of this file. */
export const visitor = visiting(deployment, isWanted);
