/** How one query gets to a server and its response back: UDP and TCP here, anything else by the same interface. */

import type { PostSocketsError } from '../base/errors.ts';
import type { IpEndpoint } from '../base/socket-address.ts';

export interface Transport {
	/** Sends `query`, which is the transport's from now on. The handler is never called from inside. */
	exchange(server: IpEndpoint, query: Uint8Array, handler: ExchangeHandler): Exchange;
	/** Ends what is kept open between exchanges; those under way fail. */
	close(): void;
}

export interface ExchangeHandler {
	/** What came back, **borrowed** until this returns. Over datagrams anybody may have sent it, and more may come. */
	onMessage(bytes: Uint8Array): void;
	/** Nothing more will come: the last call. */
	onFailure(error: PostSocketsError): void;
}

export interface Exchange {
	/** The handler hears nothing more. Harmless when repeated. */
	cancel(): void;
	/** Does not hold the process any more. */
	unref(): void;
}

export interface Transports {
	/** Asked first; a response may come truncated, forged or not at all. Default: UDP, if the stack has it. */
	readonly datagram?: Transport | undefined;
	/** Asked when that is not enough. Default: TCP, if the stack has it. */
	readonly stream?: Transport | undefined;
}
