/** A carrier as a pair of web streams, one chunk a message. */

import type { Received } from './received.ts';
import type { SendProperties } from './terms.ts';

export interface WebStreams<In, Out> {
	readonly readable: ReadableStream<In>;
	readonly writable: WritableStream<Out>;
}

interface Ends<In, Out> {
	receive(): Promise<Received<In> | undefined>;
	post(content: Out, properties?: SendProperties): boolean;
	drained(): Promise<void>;
	end(): void;
	abort(): void;
	idle(): Promise<void>;
}

/** Closing the writable ends sending; aborting or cancelling either aborts the carrier. */
export function webStreams<In, Out>(carrier: Ends<In, Out>): WebStreams<In, Out> {
	return {
		readable: new ReadableStream<In>(
			{
				async pull(controller) {
					const received = await carrier.receive();
					if (received) controller.enqueue(received.content);
					else controller.close();
				},
				cancel: () => carrier.abort(),
			},
			{ highWaterMark: 0 },
		),
		writable: new WritableStream<Out>({
			async write(content) {
				if (!carrier.post(content)) await carrier.drained();
			},
			async close() {
				carrier.end();
				await carrier.idle();
			},
			abort: () => carrier.abort(),
		}),
	};
}
