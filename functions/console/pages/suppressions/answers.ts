import type { suppressionView } from '../../../core/suppression/suppression.ts';

export type Suppression = ReturnType<typeof suppressionView>;
