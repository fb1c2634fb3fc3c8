/** What is under way, piece by piece, and which of it is lost. RFC 2018, RFC 8985 (RACK), RFC 6582 without SACK. */

import type { SackBlock } from '../../../wire/tcp-options.ts';
import type { RoundTrip } from './round-trip.ts';
import { distance, isBefore } from './sequence.ts';

/** Sent at once, acknowledged perhaps in parts. */
export interface Piece {
	start: number;
	end: number;
	/** Milliseconds: when it was sent last. */
	sentAt: number;
	sacked: boolean;
	/** To be sent again. */
	lost: boolean;
	resent: boolean;
}

/** Pieces beyond which a peer that selects single bytes cannot make more of them. */
const mostPieces = 8192;

/** RFC 8985 §6.2: as many pieces beyond a hole say that it is one. */
const duplicateThreshold = 3;

export class Scoreboard {
	readonly #roundTrip: RoundTrip;
	/** In order; those before `#first` are done with. */
	#pieces: Piece[] = [];
	#first = 0;
	/** Bytes that are held to be in the network: RFC 6675's pipe. */
	flight = 0;
	/** Pieces to be sent again. */
	lost = 0;
	/** Bytes that the peer has beyond a hole. */
	sacked = 0;
	#sackedPieces = 0;
	/** Of the piece sent last among those that have arrived. RFC 8985 §5.2 */
	#latestSent = Number.NEGATIVE_INFINITY;
	#latestEnd = 0;
	#latestRoundTrip = 0;
	#latestResent = false;
	/** The end of the furthest piece that has arrived, to see what overtakes. */
	#furthest: number | undefined;
	reordering = false;
	/** How many quarters of the least round trip what is late may come late. RFC 8985 §6.2 (step 4) */
	patience = 1;
	/** When what is late now will be lost, in milliseconds. */
	lateAt = Number.POSITIVE_INFINITY;

	constructor(roundTrip: RoundTrip) {
		this.#roundTrip = roundTrip;
	}

	get isEmpty(): boolean {
		return this.#first === this.#pieces.length;
	}

	get length(): number {
		return this.#pieces.length - this.#first;
	}

	get oldest(): Piece | undefined {
		return this.#pieces[this.#first];
	}

	get newest(): Piece | undefined {
		return this.isEmpty ? undefined : this.#pieces[this.#pieces.length - 1];
	}

	add(start: number, end: number, now: number): void {
		this.#pieces.push({ start, end, sentAt: now, sacked: false, lost: false, resent: false });
		this.flight += distance(end, start);
	}

	/** The first that is to be sent again. */
	nextLost(): Piece | undefined {
		if (this.lost === 0) return undefined;
		for (let index = this.#first; index < this.#pieces.length; index += 1) {
			if (this.#pieces[index]!.lost) return this.#pieces[index];
		}
		return undefined;
	}

	/** Sends again what is lost, at most `limit` bytes of it; the rest becomes a piece of its own. */
	resend(piece: Piece, limit: number, now: number): void {
		if (distance(piece.end, piece.start) > limit) this.#split(piece, (piece.start + limit) >>> 0);
		if (piece.lost) {
			piece.lost = false;
			this.lost -= 1;
			this.flight += distance(piece.end, piece.start);
		}
		piece.sentAt = now;
		piece.resent = true;
	}

	/** All before `end` has arrived. Returns the latest moment at which one of it was sent, undefined if that is unsure. */
	acknowledge(end: number, now: number): number | undefined {
		let sentAt: number | undefined;
		let unsure = false;
		while (this.#first < this.#pieces.length) {
			const piece = this.#pieces[this.#first]!;
			if (!isBefore(piece.start, end)) break;
			const whole = !isBefore(end, piece.end);
			const length = whole ? distance(piece.end, piece.start) : distance(end, piece.start);
			if (piece.sacked) {
				this.sacked -= length;
			} else {
				if (!piece.lost) this.flight -= length;
				if (piece.resent) unsure = true;
				else sentAt = Math.max(sentAt ?? piece.sentAt, piece.sentAt);
				if (whole) this.#arrived(piece, now);
			}
			if (!whole) {
				piece.start = end;
				break;
			}
			if (piece.lost) this.lost -= 1;
			if (piece.sacked) this.#sackedPieces -= 1;
			this.#first += 1;
		}
		if (this.#first > 64 && this.#first * 2 > this.#pieces.length) {
			this.#pieces = this.#pieces.slice(this.#first);
			this.#first = 0;
		}
		return unsure ? undefined : sentAt;
	}

	/** The peer has these blocks. Returns as `acknowledge`; `undefined` too if it is nothing new. */
	select(blocks: readonly SackBlock[], now: number): number | undefined {
		let sentAt: number | undefined;
		for (const { left, right } of blocks) {
			if (!isBefore(left, right)) continue;
			for (let index = this.#first; index < this.#pieces.length; index += 1) {
				const piece = this.#pieces[index]!;
				if (!isBefore(piece.start, right)) break;
				if (piece.sacked || !isBefore(left, piece.end)) continue;
				const isPartial = isBefore(piece.start, left) || isBefore(right, piece.end);
				if (isPartial && this.length >= mostPieces) continue;
				if (isBefore(piece.start, left)) {
					this.#split(piece, left);
					continue;
				}
				if (isBefore(right, piece.end)) this.#split(piece, right);
				this.#sack(piece);
				if (!piece.resent) sentAt = Math.max(sentAt ?? piece.sentAt, piece.sentAt);
				this.#arrived(piece, now);
			}
		}
		return sentAt;
	}

	/** Marks what must be lost, by what was sent later and has arrived. RFC 8985 §6.2 (step 5). Returns whether any is. */
	detect(now: number, recovering: boolean): boolean {
		this.lateAt = Number.POSITIVE_INFINITY;
		// Where all that arrived was in order, what remains was sent later than it.
		if (this.sacked === 0 && !this.#latestResent) return false;
		const window = this.#reorderingWindow(recovering);
		let found = false;
		for (let index = this.#first; index < this.#pieces.length; index += 1) {
			const piece = this.#pieces[index]!;
			if (piece.sacked || piece.lost || !this.#isLate(piece)) continue;
			const due = piece.sentAt + this.#latestRoundTrip + window;
			if (due <= now) {
				this.markLost(piece);
				found = true;
			} else this.lateAt = Math.min(this.lateAt, due);
		}
		return found;
	}

	markLost(piece: Piece): void {
		if (piece.lost || piece.sacked) return;
		piece.lost = true;
		this.lost += 1;
		this.flight -= distance(piece.end, piece.start);
	}

	/** The timer says so. A peer that has thrown away what it had selected says so by that too (RFC 2018 §8). */
	markAllLost(): void {
		const reneged = this.oldest?.sacked === true;
		for (let index = this.#first; index < this.#pieces.length; index += 1) {
			const piece = this.#pieces[index]!;
			if (piece.sacked && reneged) {
				piece.sacked = false;
				this.#sackedPieces -= 1;
				this.sacked -= distance(piece.end, piece.start);
				this.flight += distance(piece.end, piece.start);
			}
			this.markLost(piece);
		}
	}

	/** The piece that a sequence number is in. */
	at(sequence: number): Piece | undefined {
		for (let index = this.#first; index < this.#pieces.length; index += 1) {
			const piece = this.#pieces[index]!;
			if (!isBefore(sequence, piece.start) && isBefore(sequence, piece.end)) return piece;
		}
		return undefined;
	}

	clear(): void {
		this.#pieces = [];
		this.#first = 0;
		this.flight = 0;
		this.lost = 0;
		this.sacked = 0;
		this.#sackedPieces = 0;
		this.lateAt = Number.POSITIVE_INFINITY;
	}

	#reorderingWindow(recovering: boolean): number {
		if (!this.reordering && (recovering || this.#sackedPieces >= duplicateThreshold)) return 0;
		const { least, smoothed = 0 } = this.#roundTrip;
		return Number.isFinite(least) ? Math.min((this.patience * least) / 4, smoothed) : 0;
	}

	/** It was sent before one that has arrived. */
	#isLate(piece: Piece): boolean {
		if (piece.sentAt !== this.#latestSent) return piece.sentAt < this.#latestSent;
		return isBefore(piece.end, this.#latestEnd);
	}

	/** RFC 8985 §6.2 (steps 2 and 3) */
	#arrived(piece: Piece, now: number): void {
		const took = now - piece.sentAt;
		// An answer this fast is to what was sent before.
		if (piece.resent && took < this.#roundTrip.least) return;
		if (this.#furthest === undefined || isBefore(this.#furthest, piece.end)) this.#furthest = piece.end;
		else if (!piece.resent && isBefore(piece.end, this.#furthest)) this.reordering = true;
		const later =
			piece.sentAt > this.#latestSent || (piece.sentAt === this.#latestSent && isBefore(this.#latestEnd, piece.end));
		this.#latestRoundTrip = later ? took : this.#latestRoundTrip;
		if (!later) return;
		this.#latestSent = piece.sentAt;
		this.#latestResent = piece.resent;
		this.#latestEnd = piece.end;
	}

	#sack(piece: Piece): void {
		const length = distance(piece.end, piece.start);
		if (piece.lost) {
			piece.lost = false;
			this.lost -= 1;
		} else this.flight -= length;
		piece.sacked = true;
		this.#sackedPieces += 1;
		this.sacked += length;
	}

	#split(piece: Piece, at: number): void {
		const index = this.#pieces.indexOf(piece, this.#first);
		this.#pieces.splice(index + 1, 0, { ...piece, start: at });
		piece.end = at;
		if (piece.lost) this.lost += 1;
		if (piece.sacked) this.#sackedPieces += 1;
	}
}
