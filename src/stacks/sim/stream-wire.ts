/**
 * One direction of a stream through a network, until there is TCP: in order, at the pace of the slowest wire, and again
 * until it arrives. Random loss does not slow it down; a way that is cut does, and a host that is gone ends it.
 */

import type { Timer } from '../../base/clock.ts';
import type { IpEndpoint } from '../../base/socket-address.ts';
import { Wire } from '../memory/wire.ts';
import type { Node, World } from './node.ts';
import { fateOf, type Leg, latencyOf, rateOf, StreamPiece } from './way.ts';

export interface StreamDirection {
	readonly legs: readonly Leg[];
	readonly from: Node;
	readonly to: Node;
	readonly source: IpEndpoint;
	readonly destination: IpEndpoint;
	/** Nothing has arrived for so long that the sender gives up. RFC 9293 §3.8.3 */
	onTimeout(): void;
	/** The other host has no such stream: it has been down. */
	onReset(): void;
}

interface Piece {
	readonly bytes: number;
	arrive: (() => void) | undefined;
}

/** Milliseconds. */
const firstRetry = 200;
const longestRetry = 60_000;
/** RFC 9293 §3.8.3: R2 is at least this. */
const patience = 100_000;

export class StreamWire extends Wire {
	readonly #direction: StreamDirection;
	readonly #world: World;
	/** Of either end, in which this stream was opened. */
	readonly #lives: { readonly from: number; readonly to: number };
	readonly #latency: number;
	readonly #rate: number;
	#queue: Piece[] = [];
	/** Arrived where nobody was; they go first when it is tried again. */
	#missed: Piece[] = [];
	/** When the slowest wire is free, and when the latest piece arrives. */
	#free = 0;
	#latest = 0;
	#waiting = false;
	#over = false;
	/** Since when nothing arrives, and how long the next pause is. */
	#since: number | undefined;
	#retry: number;

	constructor(direction: StreamDirection, world: World) {
		super(direction.from.clock);
		this.#direction = direction;
		this.#world = world;
		this.#lives = { from: direction.from.life, to: direction.to.life };
		this.#latency = latencyOf(direction.legs);
		this.#rate = rateOf(direction.legs);
		this.#retry = Math.max(firstRetry, 4 * this.#latency);
	}

	/** What `milliseconds` says is not for this wire: it knows its own way. */
	override carry(_milliseconds: number, arrive: () => void, bytes = 0): Timer {
		const piece: Piece = { bytes, arrive };
		if (!this.#over) {
			this.#queue.push(piece);
			this.#launch();
		}
		return {
			cancel() {
				piece.arrive = undefined;
			},
		};
	}

	/** Nothing arrives any more. */
	override cut(): void {
		this.#over = true;
		this.#queue = [];
		this.#missed = [];
	}

	#launch(): void {
		while (!this.#waiting && this.#queue.length > 0) {
			const piece = this.#queue[0]!;
			const { legs, source, destination } = this.#direction;
			const now = this.#world.clock.now();
			const fate = fateOf(legs, this.#world.faults, new StreamPiece(source, destination, piece.bytes, now));
			if (fate === 'lost') {
				this.#again();
				return;
			}
			if ('held' in fate) {
				this.#waiting = true;
				fate.held.push(() => this.#resume());
				return;
			}
			this.#queue.shift();
			this.#free = Math.max(this.#free, now) + (piece.bytes * 8000) / this.#rate;
			this.#latest = Math.max(this.#latest, this.#free + this.#latency + fate.delay);
			const land = () => this.#land(piece);
			if (this.#latest > now) this.#world.clock.after(this.#latest - now, land);
			else this.#world.clock.soon(land);
		}
	}

	#land(piece: Piece): void {
		const { to, source, destination } = this.#direction;
		if (this.#over) return;
		const { trace, clock } = this.#world;
		if (to.ip === undefined) {
			this.#missed.push(piece);
			if (!this.#waiting) this.#again();
			return;
		}
		if (to.life !== this.#lives.to) {
			this.cut();
			trace.add(`reset ${to.name}>${this.#direction.from.name}`);
			clock.after(this.#latency, () => this.#direction.from.clock.run(() => this.#direction.onReset()));
			return;
		}
		this.#since = undefined;
		this.#retry = Math.max(firstRetry, 4 * this.#latency);
		trace.add(`pass ${this.#direction.from.name}>${to.name} ${new StreamPiece(source, destination, piece.bytes, 0)}`);
		to.clock.run(() => piece.arrive?.());
	}

	/** Tries once more after a while, or gives up. */
	#again(): void {
		const { clock } = this.#world;
		const { from } = this.#direction;
		if (from.ip === undefined || from.life !== this.#lives.from) {
			this.cut();
			return;
		}
		const now = clock.now();
		this.#since ??= now;
		if (now - this.#since >= patience) {
			this.cut();
			from.clock.run(() => this.#direction.onTimeout());
			return;
		}
		this.#waiting = true;
		clock.after(this.#retry, () => this.#resume());
		this.#retry = Math.min(2 * this.#retry, longestRetry);
	}

	#resume(): void {
		this.#waiting = false;
		this.#queue.unshift(...this.#missed.splice(0));
		this.#launch();
	}
}
