import { readFile } from 'node:fs/promises';

/** The files of the web console. */
export interface ConsoleFiles {
  /** The bytes of a file; undefined if there is none with that name. */
  read(name: string): Promise<Uint8Array | undefined>;
}

/** Beside the function's index.mjs, and in a bundle so beside this file (lib/console.ts). */
const FOLDER = new URL('./console/', import.meta.url);
/** No name of a file leads out of the folder. */
const NAME = /^[\w-]+(?:\.[\w-]+)+$/;

/** The files of this deployment, read when they are asked for. */
export function consoleFiles(folder: URL = FOLDER): ConsoleFiles {
  return {
    read: async (name) => {
      if (!NAME.test(name)) return undefined;
      return readFile(new URL(name, folder)).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return undefined;
        throw error;
      });
    },
  };
}
