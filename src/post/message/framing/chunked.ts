/**
 * Messages in chunks, so that one need not wait for the end of another. This framing is ours: both ends have to choose
 * it. docs/protocols.md describes its bytes.
 */

import { ByteQueue } from '../../../base/bytes.ts';
import { badArgument, PostSocketsError } from '../../../base/errors.ts';
import type { Frame, FrameInput, FrameOutput, FrameProperties, Framer, Framing } from '../framer.ts';
import { varintAt, varintSize, writeVarint } from './leb128.ts';
import { checkReceived, checkSent, type Limit, type LimitOptions, maxLengthOf } from './limit.ts';

const sixteenKibibytes = 16_384;
const sixteenMebibytes = 16_777_216;

export interface ChunkedOptions extends LimitOptions {
	/** Bytes of a message after which another may come between, from 1 to 2³² - 1; default 16 KiB. Each end has its own. */
	readonly chunk?: number | undefined;
	/** Messages that may be begun and not ended, in each direction, from 1 to 1024; default 8. Both ends must agree. */
	readonly maxMessages?: number | undefined;
}

/**
 * Messages of any content in chunks of which each says whose it is; `maxLength` is 16 MiB unless given.
 *
 * What is received is delivered whole, in the order in which messages end; until then at most `maxMessages` of
 * `maxLength` bytes are held. Errors: `too-large` as soon as the chunk that passes the limit has begun; `malformed` for
 * chunks that fit no message, for more than `maxMessages`, and for a stream that ends inside one.
 */
export function chunked(options: ChunkedOptions = {}): Framing {
	const { chunk = sixteenKibibytes, maxMessages = 8 } = options;
	const limit = maxLengthOf(options, sixteenMebibytes, 'frame.chunked');
	if (!Number.isInteger(chunk) || chunk < 1 || chunk > 0xffff_ffff) {
		throw badArgument(`chunk of frame.chunked must be an integer from 1 to 4294967295 (bytes), not ${chunk}`);
	}
	if (!Number.isInteger(maxMessages) || maxMessages < 1 || maxMessages > 1024) {
		throw badArgument(`maxMessages of frame.chunked must be an integer from 1 to 1024, not ${maxMessages}`);
	}
	return {
		name: 'chunked',
		preservesBoundaries: true,
		chunk,
		maxMessages,
		maxLength: limit.bytes,
		framer: () => new ChunkedFramer(limit, maxMessages),
	};
}

/** The low two bits of a chunk's first number; above them stands the slot. */
const whole = 0;
const more = 1;
const last = 2;
const aborted = 3;

/** A message of which some chunks were sent. */
interface Begun {
	readonly slot: number;
	/** Bytes sent so far. */
	readonly length: number;
}

class ChunkedFramer implements Framer {
	readonly #limit: Limit;
	readonly #maxMessages: number;
	/** By the sender's number of the message. */
	readonly #begun = new Map<number | undefined, Begun>();
	/** What came of messages that have not ended, by slot. */
	readonly #coming = new Map<number, ByteQueue>();

	constructor(limit: Limit, maxMessages: number) {
		this.#limit = limit;
		this.#maxMessages = maxMessages;
	}

	frame(piece: Uint8Array, properties: FrameProperties, out: FrameOutput): void {
		const { complete, message } = properties;
		const begun = this.#begun.get(message);
		if (properties.aborted) {
			if (!begun) return;
			this.#begun.delete(message);
			writeVarint(begun.slot * 4 + aborted, out);
			return;
		}
		const length = (begun?.length ?? 0) + piece.length;
		checkSent(length, this.#limit);
		if (complete) {
			this.#begun.delete(message);
			writeVarint(begun ? begun.slot * 4 + last : whole, out);
		} else {
			const slot = begun?.slot ?? this.#freeSlot();
			this.#begun.set(message, { slot, length });
			writeVarint(slot * 4 + more, out);
		}
		writeVarint(piece.length, out);
		out.write(piece);
	}

	deframe(input: FrameInput): Frame | 'need-more' {
		for (;;) {
			const size = varintSize(input, 0, 'frame.chunked');
			if (size === 0) return 'need-more';
			const head = varintAt(input, 0, size);
			const kind = head % 4;
			const slot = (head - kind) / 4;
			const coming = kind === whole ? undefined : this.#coming.get(slot);
			this.#check(kind, slot, coming !== undefined);
			if (kind === aborted) {
				input.skip(size);
				this.#coming.delete(slot);
				continue;
			}
			const prefix = size + varintSize(input, size, 'frame.chunked');
			if (prefix === size) return 'need-more';
			const length = varintAt(input, size, prefix - size);
			checkReceived((coming?.length ?? 0) + length, this.#limit);
			if (input.length < prefix + length) return 'need-more';
			input.skip(prefix);
			const content = input.take(length);
			if (kind === whole) return content;
			const gathered = coming ?? new ByteQueue();
			gathered.push(content);
			if (kind === last) {
				this.#coming.delete(slot);
				return gathered.take(gathered.length);
			}
			gathered.own();
			this.#coming.set(slot, gathered);
		}
	}

	end(): void {
		const { size } = this.#coming;
		if (size > 0) throw malformed(`ended inside ${size === 1 ? 'a message' : `${size} messages`}`);
	}

	#freeSlot(): number {
		const { size } = this.#begun;
		if (size >= this.#maxMessages) {
			throw badArgument(`${size} messages of frame.chunked are begun, and maxMessages allows no more`, 'send');
		}
		const taken = new Set(Array.from(this.#begun.values(), ({ slot }) => slot));
		let slot = 0;
		while (taken.has(slot)) slot += 1;
		return slot;
	}

	#check(kind: number, slot: number, begun: boolean): void {
		if (slot >= this.#maxMessages) throw malformed(`used slot ${slot}, and maxMessages is ${this.#maxMessages} here`);
		if (kind === whole && slot !== 0) throw malformed(`sent a whole message in slot ${slot}, which is for parts`);
		if (kind >= last && !begun) throw malformed(`ended a message in slot ${slot}, where none had begun`);
	}
}

function malformed(what: string): PostSocketsError {
	return new PostSocketsError('malformed', `the peer ${what} (frame.chunked)`, { operation: 'receive' });
}
