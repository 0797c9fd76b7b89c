import type { SesAccount } from '../account.ts';
import type { SesMessage } from '../message.ts';
import type { RawHeader } from '../raw-headers.ts';
import type { XmlContent } from './xml.ts';

/** Keeps a checked message, passes it on and lets its events follow. */
export type AcceptMessage = (message: SesMessage, headers: RawHeader[]) => Promise<void>;

/** The caller: the function's name, if a function sent the request. */
export type SesCaller = { functionName?: string };

/** The arguments of an action of the Query API. */
export type SesActionContext = SesAccount & { caller: SesCaller; accept: AcceptMessage };

/** One action of the Query API: takes the parameters, returns the content of the result element; throws SesError. */
export type SesAction = (params: URLSearchParams, context: SesActionContext) => XmlContent | Promise<XmlContent>;
