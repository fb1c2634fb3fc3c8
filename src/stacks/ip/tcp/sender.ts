/** The half of a connection that sends: what may leave now, what is under way, what is lost, and how long to wait. */

import type { SackBlock } from '../../../wire/tcp-options.ts';
import type { Congestion } from './congestion.ts';
import { PagedBytes, type PagePool } from './paged-bytes.ts';
import { RoundTrip } from './round-trip.ts';
import { Scoreboard } from './scoreboard.ts';
import { distance, isBefore, plus } from './sequence.ts';

/** Milliseconds that a peer may hold back an acknowledgment. RFC 8985 §7.2 */
const longestDelayedAck = 200;

/** Expirations in a row, after which large segments are held for what does not pass. RFC 2923 §2.1 */
const blackHoleAfter = 2;

/** `resend`: nothing came back for too long. `probe`: what is last may be lost. `late`: see `Scoreboard.lateAt`. */
type TimerKind = 'none' | 'resend' | 'probe' | 'late';

export interface SenderOptions {
	readonly congestion: Congestion;
	/** Bytes. */
	readonly capacity: number;
	/** Small segments wait for what is under way. RFC 9293 §3.7.4 */
	readonly nagle: boolean;
}

export class Sender {
	/** The names are those of RFC 9293 §3.3.1. */
	iss = 0;
	sndUna = 0;
	sndNxt = 0;
	sndWnd = 0;
	sndWl1 = 0;
	sndWl2 = 0;
	maxSndWnd = 0;
	windowScale = 0;
	/** Whether the peer selects. */
	selective = false;
	/** Bytes in the buffer; the first is at SND.UNA. */
	held = 0;
	/** A FIN follows the last byte. */
	ending = false;
	finSent = false;
	retransmissions = 0;
	acked = 0;
	/** Expirations in a row. */
	expirations = 0;
	/** When bytes began to wait for an acknowledgment that does not come, in milliseconds. */
	waitingSince: number | undefined;
	deadline = Number.POSITIVE_INFINITY;
	readonly roundTrip = new RoundTrip();
	readonly board: Scoreboard;
	readonly congestion: Congestion;
	readonly #bytes: PagedBytes;
	readonly #capacity: number;
	readonly #nagle: boolean;
	#timer: TimerKind = 'none';
	/** Behind the last byte that was under way when something was lost. */
	#recovery: number | undefined;
	#timedOut = false;
	/** SND.NXT when the window was last reduced for a mark. */
	#reducedUntil: number | undefined;
	#duplicates = 0;
	/** One piece more than the window allows: the first of a repair, a probe. */
	#free = 0;
	/** SND.NXT when the tail was probed by sending it again. RFC 8985 §7.4 */
	#probeEnd: number | undefined;
	#probeResent = false;
	/** The window was what held us back when something was sent last. */
	#limited = false;
	#lastSent = Number.NEGATIVE_INFINITY;
	/** What leaves next, after `pick`. */
	at = 0;
	length = 0;
	fin = false;
	push = false;

	constructor({ congestion, capacity, nagle }: SenderOptions, pool: PagePool) {
		this.congestion = congestion;
		this.#capacity = capacity;
		this.#nagle = nagle;
		this.#bytes = new PagedBytes(pool);
		this.board = new Scoreboard(this.roundTrip);
	}

	/** Bytes that may be written. */
	get room(): number {
		return this.#capacity - this.held;
	}

	/** Bytes that were not sent for the first time. */
	get unsent(): number {
		return this.finSent ? 0 : this.held - distance(this.sndNxt, this.sndUna);
	}

	/** All is acknowledged, the FIN too. */
	get isDone(): boolean {
		return this.finSent && this.sndUna === this.sndNxt;
	}

	get recovering(): boolean {
		return this.#recovery !== undefined;
	}

	/** Of SYN or SYN-ACK, which is under way from now on. */
	start(iss: number): void {
		this.iss = iss;
		this.sndUna = iss;
		this.sndNxt = plus(iss, 1);
	}

	/** The handshake is over. */
	established(window: number, sequence: number, acknowledgment: number): void {
		this.sndUna = plus(this.iss, 1);
		this.sndNxt = this.sndUna;
		this.sndWnd = window;
		this.maxSndWnd = window;
		this.sndWl1 = sequence;
		this.sndWl2 = acknowledgment;
		this.expirations = 0;
		this.waitingSince = undefined;
		this.deadline = Number.POSITIVE_INFINITY;
		this.#timer = 'none';
	}

	/** Copies bytes that there is room for. */
	write(bytes: Uint8Array, start: number, end: number): void {
		this.#bytes.write(this.held, bytes, start, end);
		this.held += end - start;
	}

	/** Copies bytes to be sent into a segment. */
	copy(sequence: number, out: Uint8Array, at: number, length: number): void {
		this.#bytes.read(distance(sequence, this.sndUna), out, at, length);
	}

	/**
	 * Chooses what leaves next: `at`, `length`, `fin`, `push`. False if nothing may. `most`: bytes of one segment, or of
	 * several that the link divides. What was picked counts as sent with `sent`.
	 */
	pick(most: number, now: number): boolean {
		return this.#pickLost() || this.#pickNew(most, now);
	}

	/** What was picked has left. */
	sent(now: number): void {
		const again = isBefore(this.at, this.sndNxt);
		const end = plus(this.at, this.length + (this.fin ? 1 : 0));
		if (again) {
			const piece = this.board.at(this.at);
			if (piece) this.board.resend(piece, this.length + (this.fin ? 1 : 0), now);
			this.retransmissions += 1;
		} else {
			this.board.add(this.at, end, now);
			this.sndNxt = end;
			if (this.fin) this.finSent = true;
		}
		this.#free = 0;
		this.#lastSent = now;
		this.waitingSince ??= now;
		if (this.#timer === 'none' || (this.#timer === 'probe' && !again)) this.arm(now);
	}

	/** An acknowledgment that may be (SND.UNA ≤ SEG.ACK ≤ SND.NXT). Returns the bytes that it takes off. */
	hear(
		acknowledgment: number,
		window: number,
		sequence: number,
		length: number,
		blocks: readonly SackBlock[] | undefined,
		now: number,
	): number {
		const newly = distance(acknowledgment, this.sndUna);
		const before = this.board.flight;
		const pure = newly === 0 && length === 0 && window === this.sndWnd && !this.board.isEmpty;
		const wasShut = this.sndWnd === 0;
		this.#updateWindow(acknowledgment, window, sequence);
		if (wasShut) this.#answered(now);
		const sentAt = newly > 0 ? this.#takeOff(acknowledgment, now) : undefined;
		let selectedAt: number | undefined;
		const selectedBefore = this.board.sacked;
		if (this.selective && blocks !== undefined && blocks.length > 0) {
			const duplicate = isDuplicate(blocks, acknowledgment);
			if (duplicate) this.#heardDuplicate();
			selectedAt = this.board.select(duplicate ? blocks.slice(1) : blocks, now);
		}
		const measured = sentAt ?? selectedAt;
		if (measured !== undefined && (newly > 0 || this.board.sacked > selectedBefore)) {
			this.roundTrip.measure(now - measured);
		}
		if (newly > 0) this.#progress(now);
		if (this.#recovery !== undefined && !isBefore(acknowledgment, this.#recovery)) this.#recovered();
		const lost = this.selective ? this.board.detect(now, this.recovering) : this.#countDuplicates(pure, newly);
		if (lost && !this.recovering) this.#lose(before, now);
		if (newly > 0 && !lost && (!this.recovering || this.#timedOut) && this.#limited) {
			this.congestion.onAck(newly, now, this.roundTrip.smoothed ?? 0);
		}
		// A window that opens shows that what was sent into the shut one was thrown away.
		if (wasShut && this.sndWnd > 0 && newly === 0 && this.board.oldest) {
			this.board.markLost(this.board.oldest);
		}
		// RFC 6298 §5.3: what brings nothing new does not put the timer off.
		const isNews = newly > 0 || lost || wasShut || this.board.sacked > selectedBefore;
		const isSet = this.#timer === 'resend' || this.#timer === 'probe';
		if (isNews || !isSet || this.board.lateAt < this.deadline) this.arm(now);
		return newly;
	}

	/** The deadline has come. Returns whether it was the timer of retransmission, and so in vain. */
	expire(now: number): boolean {
		if (now < this.deadline) return false;
		const timer = this.#timer;
		this.#timer = 'none';
		this.deadline = Number.POSITIVE_INFINITY;
		if (timer === 'late') {
			const { flight } = this.board;
			if (this.board.detect(now, this.recovering) && !this.recovering) this.#lose(flight, now);
			this.arm(now);
			return false;
		}
		if (timer === 'probe') {
			this.#probe(now);
			return false;
		}
		this.expirations += 1;
		if (this.sndWnd > 0 && !this.board.isEmpty) {
			if (!this.#timedOut) this.congestion.onTimeout(this.board.flight, now);
			this.board.markAllLost();
			this.#recovery = this.sndNxt;
			this.#timedOut = true;
			this.#probeEnd = undefined;
			this.#duplicates = 0;
		} else if (this.board.oldest) this.board.markLost(this.board.oldest);
		this.#free = 1;
		this.waitingSince ??= now;
		this.arm(now);
		return true;
	}

	/** The peer saw a mark: as if something was lost, once per window. RFC 3168 §6.1.2. Returns whether it counts. */
	reduce(now: number): boolean {
		if (this.recovering || isBefore(this.sndUna, this.#reducedUntil ?? this.sndUna)) return false;
		this.#reducedUntil = this.sndNxt;
		this.congestion.onLoss(this.board.flight, now);
		return true;
	}

	/** Sends again at once what is in the way of a smaller path. RFC 1191 §6.4: it is no congestion. */
	tooLarge(sequence: number): void {
		const piece = this.board.at(sequence);
		if (piece === undefined) return;
		this.board.markLost(piece);
		this.#free = 1;
	}

	/** Segments of this size vanish, as far as one can tell. */
	get looksLikeBlackHole(): boolean {
		return this.expirations >= blackHoleAfter && this.sndWnd > 0;
	}

	/** Sets the timer by what is under way. RFC 6298 §5, RFC 8985 §7.2, RFC 9293 §3.8.6.1 */
	arm(now: number): void {
		const { board, roundTrip } = this;
		if (board.lateAt < Number.POSITIVE_INFINITY) {
			this.#set('late', board.lateAt);
			return;
		}
		if (board.isEmpty && this.unsent === 0) {
			this.#set('none', Number.POSITIVE_INFINITY);
			return;
		}
		const timeout = roundTrip.backedOff(this.expirations);
		const patience = this.#probePatience();
		if (patience < timeout) this.#set('probe', now + patience);
		else this.#set('resend', now + timeout);
	}

	/** Milliseconds until the tail is probed; `Infinity` where it is not. RFC 8985 §7.2 */
	#probePatience(): number {
		const { board, roundTrip } = this;
		const { smoothed } = roundTrip;
		const isCalm = !this.recovering && this.expirations === 0 && board.sacked === 0 && !board.isEmpty;
		if (!this.selective || !isCalm || this.#probeEnd !== undefined || smoothed === undefined) {
			return Number.POSITIVE_INFINITY;
		}
		return 2 * smoothed + (board.length === 1 ? longestDelayedAck : 2);
	}

	clear(): void {
		this.#bytes.clear();
		this.board.clear();
		this.held = 0;
		this.waitingSince = undefined;
		this.deadline = Number.POSITIVE_INFINITY;
	}

	#set(timer: TimerKind, deadline: number): void {
		this.#timer = timer;
		this.deadline = deadline;
	}

	#pickLost(): boolean {
		const piece = this.board.nextLost();
		if (piece === undefined) return false;
		const { congestion, board } = this;
		if (this.#free === 0 && board.flight + congestion.segmentSize > congestion.window) return false;
		const left = distance(piece.end, piece.start);
		const hasFin = this.finSent && piece.end === this.sndNxt;
		const bytes = hasFin ? left - 1 : left;
		this.at = piece.start;
		this.length = Math.min(bytes, congestion.segmentSize);
		this.fin = hasFin && this.length === bytes;
		this.push = true;
		return true;
	}

	#pickNew(most: number, now: number): boolean {
		if (this.finSent) return false;
		const { congestion, board, unsent } = this;
		const size = congestion.segmentSize;
		if (unsent === 0 && !this.ending) return false;
		if (board.isEmpty && now - this.#lastSent > this.roundTrip.timeout && this.#lastSent > 0) {
			congestion.onIdle();
			this.#lastSent = now;
		}
		const open = Math.max(0, distance(plus(this.sndUna, this.sndWnd), this.sndNxt));
		// Without SACK each duplicate acknowledgment says that a segment has left the network.
		const inside = congestion.window - board.flight + (this.selective ? 0 : this.#duplicates * size);
		let length = Math.min(unsent, open, most);
		if (length > inside) length = Math.max(0, inside - (inside % size));
		if (length > size && length < unsent) length -= length % size;
		this.#limited = inside - length < size;
		if (unsent > 0) {
			const sillily = length < Math.min(size, unsent) && length < this.maxSndWnd >>> 1;
			const gathers = this.#nagle && length < size && !board.isEmpty && !this.ending;
			if (length === 0 || sillily || gathers) {
				// The first of a repair, the probe of a shut window.
				if (this.#free === 0) return false;
				length = Math.min(unsent, open > 0 ? Math.min(open, size) : 1);
			}
		}
		this.at = this.sndNxt;
		this.length = length;
		this.fin = this.ending && length === unsent;
		this.push = length === unsent;
		return true;
	}

	/** RFC 9293 §3.10.7.4 */
	#updateWindow(acknowledgment: number, window: number, sequence: number): void {
		if (isBefore(sequence, this.sndWl1)) return;
		if (sequence === this.sndWl1 && isBefore(acknowledgment, this.sndWl2)) return;
		this.sndWnd = window;
		this.sndWl1 = sequence;
		this.sndWl2 = acknowledgment;
		this.maxSndWnd = Math.max(this.maxSndWnd, window);
	}

	/** Whoever answers with a shut window is there. RFC 9293 §3.8.6.1 */
	#answered(now: number): void {
		if (this.waitingSince !== undefined) this.waitingSince = now;
		if (this.sndWnd > 0) this.expirations = 0;
	}

	#takeOff(acknowledgment: number, now: number): number | undefined {
		const sentAt = this.board.acknowledge(acknowledgment, now);
		const bytes = Math.min(this.held, distance(acknowledgment, this.sndUna));
		this.#bytes.drop(bytes);
		this.held -= bytes;
		this.acked += bytes;
		this.sndUna = acknowledgment;
		if (this.#probeEnd !== undefined && !isBefore(acknowledgment, this.#probeEnd)) {
			// RFC 8985 §7.4.2: the probe was needed, so something was lost, and nothing else will say so.
			if (this.#probeResent && !this.recovering) this.congestion.onLoss(this.board.flight, now);
			this.#probeEnd = undefined;
		}
		return sentAt;
	}

	#progress(now: number): void {
		this.expirations = 0;
		this.waitingSince = this.board.isEmpty ? undefined : now;
	}

	#recovered(): void {
		this.#recovery = undefined;
		this.#timedOut = false;
		this.#duplicates = 0;
	}

	/** RFC 8985 §7.4.1, §6.2 (step 4): what was sent twice arrived twice, so it was not lost. */
	#heardDuplicate(): void {
		this.#probeResent = false;
		if (this.board.reordering) this.board.patience = Math.min(255, this.board.patience + 1);
	}

	/** RFC 6582 §3.2. Returns whether something is newly held for lost. */
	#countDuplicates(pure: boolean, newly: number): boolean {
		const { oldest } = this.board;
		if (newly > 0) {
			const partial = this.recovering && !this.#timedOut;
			this.#duplicates = 0;
			if (!partial || oldest === undefined || oldest.lost) return false;
			this.board.markLost(oldest);
			this.#free = 1;
			return true;
		}
		if (!pure) return false;
		this.#duplicates += 1;
		if (this.#duplicates !== 3 || this.recovering || oldest === undefined) return false;
		this.board.markLost(oldest);
		return true;
	}

	#lose(flight: number, now: number): void {
		this.congestion.onLoss(flight, now);
		this.#recovery = this.sndNxt;
		this.#timedOut = false;
		this.#free = 1;
		this.#probeEnd = undefined;
	}

	/** Something new if there is, else the last again, so that SACK says what is missing. RFC 8985 §7.3 */
	#probe(now: number): void {
		const { newest } = this.board;
		this.#probeEnd = this.sndNxt;
		this.#probeResent = false;
		const fits = distance(plus(this.sndUna, this.sndWnd), this.sndNxt) > 0;
		if (!(this.unsent > 0 && fits) && newest !== undefined) {
			this.board.markLost(newest);
			this.#probeResent = true;
		}
		this.#free = 1;
		this.arm(now);
	}
}

/** The first block is about what came twice. RFC 2883 §4 */
function isDuplicate(blocks: readonly SackBlock[], acknowledgment: number): boolean {
	const [first, second] = blocks;
	if (first === undefined) return false;
	if (!isBefore(acknowledgment, first.right)) return true;
	return second !== undefined && !isBefore(first.left, second.left) && !isBefore(second.right, first.right);
}
