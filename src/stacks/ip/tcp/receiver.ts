/** The half of a connection that receives: what is next, what is there beyond a hole, and what to say of it. */

import type { SackBlock } from '../../../wire/tcp-options.ts';
import type { TcpLimits } from './limits.ts';
import { PagedBytes, type PagePool } from './paged-bytes.ts';
import { distance, isBefore, later, plus } from './sequence.ts';

interface Range {
	left: number;
	right: number;
	/** The higher, the later something of it came. */
	touched: number;
}

/** What became of the bytes of a segment. */
export type Arrival = 'nothing' | 'stored' | 'direct';

export class Receiver {
	/** Of RFC 9293 §3.3.1; the window is what `offer` last said. */
	rcvNxt = 0;
	/** IRS. */
	irs = 0;
	windowScale = 0;
	/** Behind what the peer was told it may send. It never moves back. RFC 9293 §3.8.6 */
	edge = 0;
	/** Sequence number of the peer's FIN, once it is known; its own place is behind the last byte. */
	finAt: number | undefined;
	/** In order and not read. */
	unread = 0;
	/** The next acknowledgment says first that this came twice. RFC 2883 */
	duplicate: SackBlock | undefined;
	readonly #limits: TcpLimits;
	readonly #bytes: PagedBytes;
	readonly #ranges: Range[] = [];
	#touches = 0;
	/** Since the last offer. */
	#wasRead = false;

	constructor(limits: TcpLimits, pool: PagePool) {
		this.#limits = limits;
		this.#bytes = new PagedBytes(pool);
	}

	/** Something is there beyond a hole. */
	get hasHole(): boolean {
		return this.#ranges.length > 0;
	}

	/** Bytes that may come. */
	get room(): number {
		return Math.max(0, this.#limits.receiveBuffer - this.unread);
	}

	start(irs: number): void {
		this.irs = irs;
		this.rcvNxt = plus(irs, 1);
		this.edge = this.rcvNxt;
	}

	/** Whether a segment of this place and length concerns us at all. RFC 9293 §3.10.7.4, table 6 */
	accepts(sequence: number, length: number): boolean {
		const offset = distance(sequence, this.rcvNxt);
		const window = Math.max(this.room, distance(this.edge, this.rcvNxt));
		if (window === 0) return offset === 0;
		if (offset >= 0 && offset < window) return true;
		const last = offset + length - 1;
		return length > 0 && last >= 0 && last < window;
	}

	/**
	 * Takes the bytes of a segment, at `sequence`. `direct`: they are the next ones and were not stored, because
	 * `mayPass` allows to hand them on at once; `from` says where they begin.
	 */
	take(sequence: number, bytes: Uint8Array, start: number, end: number, mayPass: boolean): Arrival {
		let from = start;
		let at = distance(sequence, this.rcvNxt);
		if (at < 0) {
			const old = Math.min(-at, end - from);
			this.duplicate = { left: sequence, right: plus(sequence, old) };
			from += old;
			at = 0;
		}
		const to = Math.min(end, from + this.room - at);
		if (to <= from) return 'nothing';
		const left = plus(this.rcvNxt, at);
		const right = plus(left, to - from);
		this.from = from;
		this.to = to;
		if (at === 0 && this.#ranges.length === 0) {
			this.rcvNxt = right;
			if (mayPass && this.unread === 0) return 'direct';
			this.#bytes.write(this.unread, bytes, from, to);
			this.unread += to - from;
			return 'stored';
		}
		if (!this.#insert(left, right)) return 'nothing';
		this.#bytes.write(this.unread + at, bytes, from, to);
		this.#advance();
		return 'stored';
	}

	/** Of the bytes last taken. */
	from = 0;
	to = 0;

	/** The peer's FIN is the next thing. */
	get finIsNext(): boolean {
		return this.finAt === this.rcvNxt;
	}

	/** Bytes to read that lie together, borrowed until `read`. */
	front(): Uint8Array {
		return this.#bytes.front(this.unread);
	}

	/** So many of them were read. */
	read(count: number): void {
		this.#bytes.drop(count);
		this.unread -= count;
		this.#wasRead = true;
	}

	/** The window field to send, and moves the edge. `scale` is 0 in a SYN. */
	offer(scale: number): number {
		this.#wasRead = false;
		const open = Math.floor(this.room / 2 ** scale);
		const promised = Math.ceil(Math.max(0, distance(this.edge, this.rcvNxt)) / 2 ** scale);
		const window = Math.min(0xffff, Math.max(this.#isWorthwhile() ? open : 0, promised));
		this.edge = later(this.edge, plus(this.rcvNxt, window * 2 ** scale));
		return window;
	}

	/** The window has opened so far that the peer should hear of it. RFC 9293 §3.8.6.2.2 */
	hasOpened(segmentSize: number): boolean {
		if (!this.#wasRead) return false;
		const most = Math.min(this.room, 0xffff * 2 ** this.windowScale);
		const gain = most - Math.max(0, distance(this.edge, this.rcvNxt));
		return gain >= Math.min(this.#limits.receiveBuffer >>> 1, 2 * segmentSize) && this.#isWorthwhile();
	}

	/** At most `most`, what came twice and what came last first. RFC 2018 §4, RFC 2883 §4 */
	blocks(most: number): SackBlock[] | undefined {
		if (this.#ranges.length === 0 && this.duplicate === undefined) return undefined;
		const found: SackBlock[] = this.duplicate === undefined ? [] : [this.duplicate];
		this.duplicate = undefined;
		const ranges = this.#ranges.length > 1 ? this.#ranges.toSorted((a, b) => b.touched - a.touched) : this.#ranges;
		for (const { left, right } of ranges) if (found.length < most) found.push({ left, right });
		return found;
	}

	/** Forgets what was not read. */
	clear(): void {
		this.#bytes.clear();
		this.#ranges.length = 0;
		this.unread = 0;
	}

	/** A window that opens by little only makes little segments. */
	#isWorthwhile(): boolean {
		return this.room >= Math.min(this.#limits.receiveBuffer >>> 2, 4096);
	}

	/** False if there are too many pieces already. */
	#insert(left: number, right: number): boolean {
		const ranges = this.#ranges;
		let index = 0;
		while (index < ranges.length && isBefore(ranges[index]!.right, left)) index += 1;
		let last = index;
		let range: Range = { left, right, touched: (this.#touches += 1) };
		while (last < ranges.length && !isBefore(right, ranges[last]!.left)) {
			const other = ranges[last]!;
			if (!isBefore(left, other.left) && !isBefore(other.right, right)) this.duplicate = { left, right };
			range = { ...range, left: isBefore(other.left, range.left) ? other.left : range.left };
			range.right = later(range.right, other.right);
			last += 1;
		}
		if (last === index && ranges.length >= this.#limits.pieces && left !== this.rcvNxt) return false;
		ranges.splice(index, last - index, range);
		return true;
	}

	#advance(): void {
		const first = this.#ranges[0];
		if (first === undefined || isBefore(this.rcvNxt, first.left)) return;
		this.#ranges.shift();
		this.unread += distance(first.right, this.rcvNxt);
		this.rcvNxt = first.right;
	}
}
