/** What the suite of links is made of: a pair of links for one test, ears at both, and frames that tell who they are. */

import { IpAddress } from '../base/address.ts';
import type { PostSocketsError } from '../base/errors.ts';
import { type FrameInfo, headerLength, type Link, type LinkHandler } from '../stack/link.ts';
import * as ethernet from '../wire/ethernet.ts';
import * as ipv4 from '../wire/ipv4.ts';

/** Links of their own for one test. */
export interface LinkFixture {
	/**
	 * What one sends, the other receives, all of it and in order unless it is too much at once; what else arrives is not
	 * looked at. With one that is not under test (the other side of a device), say so by `peer`.
	 */
	readonly links: readonly [Link, Link];
	/** The second one only serves the first. Default false: both are tested. */
	readonly peer?: boolean | undefined;
	/** Frees whatever the links stand on, once both are closed. */
	close?(): Promise<void> | void;
	/** What is left; when given, each test expects 0 in the end. */
	open?(): number;
}

/** Bytes of the smallest frame that `numbered` can make. */
export function leastLength({ medium }: Link): number {
	return headerLength(medium) + ipHeader + mark;
}

/** A valid frame from one link to the other, whose payload depends on its number. */
export function numbered(from: Link, to: Link, number: number, length: number): Uint8Array {
	const frame = new Uint8Array(length);
	let at = 0;
	if (from.address && to.address) {
		at = ethernet.emit({ source: from.address, destination: to.address, type: ethernet.etherType.ipv4 }, frame, 0);
	}
	const packet = {
		...header,
		identification: number & 0xffff,
		payloadLength: Math.min(length - at, 65_535) - ipHeader,
	};
	at = ipv4.emit(packet, frame, at);
	for (let index = at; index < length; index += 1) frame[index] = number * (index - at) + index;
	new DataView(frame.buffer).setUint32(at, number);
	return frame;
}

/** A link's handler that keeps the frames of the other one, and writes down what breaks the contract. */
export class LinkProbe implements LinkHandler {
	readonly link: Link;
	readonly breaches: string[] = [];
	readonly received: { readonly bytes: Uint8Array; readonly info: FrameInfo | undefined }[] = [];
	readonly closes: (PostSocketsError | undefined)[] = [];
	drains = 0;
	/** Runs at every frame that was kept. */
	onFrame: (() => void) | undefined;
	#inside = false;
	#unwelcome = false;

	constructor(link: Link) {
		this.link = link;
		link.handler = this;
	}

	/** Sends copies, which are spoiled as soon as the call returns. */
	send(frames: readonly Uint8Array[], infos?: readonly (FrameInfo | undefined)[]): boolean {
		const copies = frames.map((frame) => frame.slice());
		const welcome = this.#call(() => this.link.send(copies, infos));
		for (const copy of copies) copy.fill(0xee);
		this.#unwelcome = !welcome;
		return welcome;
	}

	close(): void {
		this.#call(() => this.link.close());
	}

	/** Of what was received, by number. */
	numbers(): number[] {
		const at = headerLength(this.link.medium) + ipHeader;
		return this.received.map(({ bytes }) => new DataView(bytes.buffer).getUint32(at));
	}

	onFrames(frames: readonly Uint8Array[], infos?: readonly (FrameInfo | undefined)[]): void {
		this.#heard('onFrames');
		if (frames.length === 0) this.breaches.push('onFrames without frames');
		if (infos && infos.length !== frames.length) this.breaches.push('not an info for each frame');
		for (const [index, frame] of frames.entries()) {
			const header = ipv4.parse(frame, headerLength(this.link.medium));
			if (typeof header === 'string' || header.protocol !== protocol || header.payloadLength < mark) continue;
			this.received.push({ bytes: frame.slice(), info: infos?.[index] });
			this.onFrame?.();
		}
	}

	onDrain(): void {
		this.#heard('onDrain');
		if (!this.#unwelcome) this.breaches.push('onDrain, but the last send was welcome');
		this.#unwelcome = false;
		this.drains += 1;
	}

	onState(): void {
		this.#heard('onState');
	}

	onClose(error: PostSocketsError | undefined): void {
		this.#heard('onClose');
		this.closes.push(error);
	}

	#call<T>(run: () => T): T {
		const outer = this.#inside;
		this.#inside = true;
		try {
			return run();
		} finally {
			this.#inside = outer;
		}
	}

	#heard(event: string): void {
		if (this.#inside) this.breaches.push(`${event} from inside a call`);
		if (this.closes.length > 0) this.breaches.push(`${event} after onClose`);
	}
}

/** For experiments. RFC 3692 §2.1 */
const protocol = 253;
const ipHeader = 20;
/** Bytes of the number. */
const mark = 4;

const header = {
	source: IpAddress.parse('192.0.2.1'),
	destination: IpAddress.parse('192.0.2.2'),
	protocol,
	hopLimit: 64,
	dscp: 0,
	ecn: 0,
	dontFragment: true,
	moreFragments: false,
	fragmentOffset: 0,
	options: new Uint8Array(0),
};
