import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The folders whose tests run the whole service, the longer ones first. */
const long = ['/test/flows/', '/test/bin/'];

/** Starts the long files first: one that starts last keeps the other cores idle for as long as it takes. */
export class LongFilesFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isIn = (folder: string) => sorted.filter(({ moduleId }) => moduleId.includes(folder));
    return [...new Set([...long.flatMap(isIn), ...sorted])];
  }
}
