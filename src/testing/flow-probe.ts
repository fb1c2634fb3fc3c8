/**
 * Both ends of a flow under observation: every call and every event goes through a probe, which knows what the contract
 * allows and writes down each breach. A test acts, waits, and in the end finds `breaches` empty.
 */

import type { PostSocketsError } from '../base/errors.ts';
import { type Random, seededRandom } from '../base/random.ts';
import type { Flow, FlowHandler } from '../stack/flow.ts';

/** The call under way on either end, by name; shared by the probes of a pair. */
interface Call {
	name: string | undefined;
}

/** Takes over the handlers of both ends. What each sends is a pattern of its own, which the other checks. */
export function probePair(a: Flow, b: Flow, seed = 1): { a: FlowProbe; b: FlowProbe } {
	const call: Call = { name: undefined };
	const [forth, back] = [pattern(2 * seed), pattern(2 * seed + 1)];
	return { a: new FlowProbe(a, forth, back, call), b: new FlowProbe(b, back, forth, call) };
}

export class FlowProbe implements FlowHandler {
	readonly flow: Flow;
	/** What this end did against the contract; empty for a good flow. */
	readonly breaches: string[] = [];
	/** Bytes of the writes that were not to be dropped. */
	sent = 0;
	/** Bytes received, all of them right. */
	received = 0;
	/** Bytes of the writes whose `done` came. */
	handedOver = 0;
	writes = 0;
	dones = 0;
	drains = 0;
	paused = true;
	ended = false;
	closed = false;
	error: PostSocketsError | undefined;
	/** Runs inside `onData`, after the bytes were checked. */
	whenData: (() => void) | undefined;

	readonly #sends: Pattern;
	readonly #expects: Pattern;
	readonly #call: Call;
	#writable = true;
	#aborted = false;
	#unwelcome = false;

	constructor(flow: Flow, sends: Pattern, expects: Pattern, call: Call) {
		this.flow = flow;
		this.#sends = sends;
		this.#expects = expects;
		this.#call = call;
		flow.handler = this;
	}

	/** Writes the next bytes of the pattern in pieces of these lengths; spoils its own copy once `done` came. */
	write(...lengths: readonly number[]): boolean {
		const chunks: Uint8Array[] = [];
		let total = 0;
		for (const length of lengths) {
			chunks.push(this.#sends(this.sent + total, length));
			total += length;
		}
		const index = this.writes;
		const dropped = !this.#writable;
		const welcome = this.#during('write', () =>
			this.flow.write(chunks, () => {
				this.#heard('done');
				if (dropped) this.#breach('done came for a write that was dropped');
				else if (index !== this.dones) this.#breach(`done of write ${index} came in place of that of ${this.dones}`);
				this.dones += 1;
				this.handedOver += total;
				for (const chunk of chunks) chunk.fill(0xee);
			}),
		);
		if (dropped) {
			if (welcome) this.#breach('a write that was dropped returned true');
			return welcome;
		}
		this.writes += 1;
		this.sent += total;
		if (!welcome) this.#unwelcome = true;
		return welcome;
	}

	/** Writes `length` bytes in writes and pieces of random sizes, welcome or not. */
	writeAtRandom(length: number, random: Random): void {
		let left = length;
		while (left > 0) {
			const pieces: number[] = [];
			for (let piece = random.below(4); piece >= 0; piece -= 1) {
				const size = Math.min(left, random.below(2 ** random.below(19)));
				pieces.push(size);
				left -= size;
			}
			this.write(...pieces);
		}
	}

	end(): void {
		this.#writable = false;
		this.#during('end', () => this.flow.end());
	}

	abort(reason?: PostSocketsError): void {
		this.#writable = false;
		this.#aborted = true;
		this.#during('abort', () => this.flow.abort(reason));
	}

	pause(): void {
		this.#during('pause', () => this.flow.pause());
		this.paused = true;
	}

	resume(): void {
		this.paused = false;
		this.#during('resume', () => this.flow.resume());
	}

	onData(chunk: Uint8Array): void {
		this.#heard('onData');
		if (this.paused) this.#breach('onData while paused');
		if (this.ended) this.#breach('onData after onEnd');
		if (this.#aborted) this.#breach('onData after abort');
		const expected = this.#expects(this.received, chunk.length);
		let right = 0;
		while (right < chunk.length && chunk[right] === expected[right]) right += 1;
		if (right < chunk.length) this.#breach(`byte ${this.received + right} of the stream is not the one sent`);
		this.received += chunk.length;
		this.whenData?.();
	}

	onDrain(): void {
		this.#heard('onDrain');
		if (!this.#unwelcome) this.#breach('onDrain although no write since the last one returned false');
		if (!this.#writable) this.#breach('onDrain after end or abort, when no write is welcome');
		this.#unwelcome = false;
		this.drains += 1;
	}

	onEnd(): void {
		this.#heard('onEnd');
		if (this.ended) this.#breach('onEnd twice');
		if (this.paused) this.#breach('onEnd while paused');
		if (this.#aborted) this.#breach('onEnd after abort');
		this.ended = true;
	}

	onClose(error: PostSocketsError | undefined): void {
		this.#heard('onClose');
		if (error === undefined && !this.ended) this.#breach('onClose without an error and without onEnd before');
		if (error === undefined && this.#writable) this.#breach('onClose without an error before this end has ended');
		this.closed = true;
		this.error = error;
		this.#writable = false;
	}

	#during<T>(name: string, call: () => T): T {
		const outer = this.#call.name;
		this.#call.name = name;
		try {
			return call();
		} finally {
			this.#call.name = outer;
		}
	}

	#heard(event: string): void {
		if (this.#call.name !== undefined) this.#breach(`${event} from inside ${this.#call.name}()`);
		if (this.closed) this.#breach(`${event} after onClose`);
	}

	#breach(text: string): void {
		if (this.breaches.length < 10) this.breaches.push(text);
	}
}

/** Fresh bytes of an endless stream from an offset. */
type Pattern = (offset: number, length: number) => Uint8Array;

/** A prime period, so that a piece of usual size that is lost, doubled or moved shows. */
const period = 65_521;

function pattern(seed: number): Pattern {
	const once = seededRandom(seed).fill(new Uint8Array(period));
	return (offset, length) => {
		const bytes = new Uint8Array(length);
		let filled = 0;
		while (filled < length) {
			const from = (offset + filled) % period;
			const piece = once.subarray(from, Math.min(period, from + length - filled));
			bytes.set(piece, filled);
			filled += piece.length;
		}
		return bytes;
	};
}
