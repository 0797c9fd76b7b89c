/** A group of contacts. Times are epoch ms. */
export type Segment = {
  readonly id: string;
  readonly name: string;
  readonly createdAtMs: number;
};

export const segmentLimits = { nameLength: 200 } as const;

export const SEGMENT_PARTITION = 'segment';
export const segmentKey = (id: string): string => `segment#${id}`;
