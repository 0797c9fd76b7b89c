import type { SesAccount } from './account.ts';
import type { SesMessage } from './message.ts';
import type { RawHeader } from './raw-headers.ts';
import type { XmlContent } from './xml.ts';

/** Keeps a checked message, passes it on and lets its events follow. */
export type AcceptMessage = (message: SesMessage, headers: RawHeader[]) => Promise<void>;

/** Who calls: the function's name, when the request came from one. */
export type SesCaller = { functionName?: string };

/** What an action of the Query API works with. */
export type SesActionContext = SesAccount & { caller: SesCaller; accept: AcceptMessage };

/** One action of the Query API: parameters in, the content of its result element out; throws SesError. */
export type SesAction = (params: URLSearchParams, context: SesActionContext) => XmlContent | Promise<XmlContent>;
