/** Joins a carrier with stdin and stdout, both ways at once, each as fast as the slower end. */

import type { Carrier } from '../entry/index.ts';
import { systemClock } from '../entry/stack.ts';
import type { Context, Given, Options } from './command.ts';
import type { Input } from './input.ts';
import type { Output } from './output.ts';
import { ReceivedText } from './received-text.ts';

export const joinOptions: Options = {
	wait: {
		type: 'string',
		value: 'MS',
		help: 'once the peer has ended, let a program on stdin be silent for so long before all is done; 1000 if not given',
	},
};

export interface Manner {
	readonly json: boolean;
	readonly wait: number;
}

/** Throws `UsageError`. */
export function mannerOf(given: Given): Manner {
	return { json: given.flag('json'), wait: given.milliseconds('wait') ?? 1_000 };
}

/**
 * Until the peer has ended and has everything of ours. The end of stdin half-closes the carrier. Rejects if the carrier
 * breaks, or stdin or stdout; when interrupted it closes the carrier and resolves.
 */
export async function join(
	carrier: Carrier,
	{ json, wait }: Manner,
	{ input, output, interrupted }: Context,
): Promise<void> {
	const peerEnded = new AbortController();
	const over = new AbortController();
	const stop = () => {
		over.abort();
		peerEnded.abort();
	};
	const onInterrupt = () => {
		stop();
		void carrier.close();
	};
	if (interrupted.aborted) onInterrupt();
	else interrupted.addEventListener('abort', onInterrupt, { once: true });
	void carrier.closed.then(stop);
	try {
		const receiving = receive(carrier, output, json).finally(() => peerEnded.abort());
		const [received, sent] = await Promise.all([receiving, send(carrier, input, wait, peerEnded.signal, over.signal)]);
		// Interrupted, we do not wait for the peer's end: once ours is told, nothing would hold this process any more.
		if (interrupted.aborted) return await carrier.close();
		const { error } = await carrier.closed;
		if (error) throw error;
		if (json) await output.object({ closed: { sent, received } });
	} catch (error) {
		carrier.abort();
		throw error;
	} finally {
		stop();
		interrupted.removeEventListener('abort', onInterrupt);
	}
}

/** Gives the bytes received. */
async function receive(carrier: Carrier, output: Output, json: boolean): Promise<number> {
	const text = new ReceivedText();
	let received = 0;
	for await (const { content, length } of carrier) {
		received += length;
		if (length === 0) continue;
		if (!json) await output.write(content);
		else await writeChunk(output, text.push(content));
	}
	if (json) await writeChunk(output, text.end());
	return received;
}

async function writeChunk(output: Output, chunk: ReturnType<ReceivedText['push']>): Promise<void> {
	if (chunk) await output.object(chunk);
}

/** Gives the bytes sent. Once the peer has ended, only what stdin has without much waiting is still sent. */
async function send(
	carrier: Carrier,
	input: Input,
	wait: number,
	peerEnded: AbortSignal,
	over: AbortSignal,
): Promise<number> {
	let sent = 0;
	while (!over.aborted) {
		const hurry = peerEnded.aborted;
		const chunk = await input.next(hurry ? after(input.patience(wait), over) : peerEnded);
		if (chunk && carrier.canSend) {
			sent += chunk.length;
			if (!carrier.post(chunk)) await carrier.drained();
		} else if (chunk || input.ended || hurry) break;
	}
	if (carrier.canSend) carrier.post(new Uint8Array(0), { final: true });
	return sent;
}

/** A signal that fires after so many milliseconds, or with `over`. */
function after(milliseconds: number, over: AbortSignal): AbortSignal {
	if (milliseconds === Number.POSITIVE_INFINITY) return over;
	const controller = new AbortController();
	const timer = systemClock.after(milliseconds, () => controller.abort());
	timer.unref?.();
	return AbortSignal.any([controller.signal, over]);
}
