/** Bodies of emails: written once, read once by the worker. */
export interface BodyStore {
  put(key: string, bytes: Uint8Array, expiresAtMs: number): Promise<void>;
  get(key: string): Promise<Uint8Array | undefined>;
  delete(key: string): Promise<void>;
}
