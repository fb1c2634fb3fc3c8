/**
 * A wire that several stations share, as a machine: what each signals reaches all others a little later, and two signals
 * at once spoil each other. Times inside are whole bit times.
 */

import type { Machine, Wake } from '../../base/machine.ts';
import { Queue } from '../../base/queue.ts';
import type { Random } from '../../base/random.ts';
import { HalfDuplex, type HalfDuplexSink, type HalfDuplexTiming } from './half-duplex.ts';
import { type Kept, Shelf } from './shelf.ts';

export type SharedWireEvent<Id> =
	| { readonly type: 'join'; readonly id: Id }
	/** What it has not sent is lost, and a frame that it is sending is spoiled. */
	| { readonly type: 'leave'; readonly id: Id }
	/** Borrowed until the step is over. */
	| { readonly type: 'frames'; readonly id: Id; readonly frames: readonly Uint8Array[] };

export interface SharedWireSink<Id> {
	/** Every station but this one hears the frame. Borrowed until it returns. */
	onFrame(from: Id, frame: Uint8Array): void;
}

/** Frames, but for `collisions`. `received` = `sent` + `overflowed` + `givenUp` + `lost` + `waiting`. */
export interface SharedWireCounters {
	readonly received: number;
	readonly sent: number;
	/** Found the queue of their station full. */
	readonly overflowed: number;
	/** Collided too often. */
	readonly givenUp: number;
	/** Of stations that left. */
	readonly lost: number;
	readonly waiting: number;
	/** Each counts once for each station that was in it. */
	readonly collisions: number;
}

interface Station<Id> {
	readonly id: Id;
	readonly machine: HalfDuplex<Kept>;
	readonly sink: HalfDuplexSink<Kept>;
	/** Without the one that the machine has. */
	readonly queue: Queue<Kept>;
	/** That one. */
	sending: Kept | undefined;
	/** Its signal is on the wire, where it is. */
	signalling: boolean;
	/** Signals of others, where it is. */
	heard: number;
}

/** The begin or the end of a signal, on its way to the others. */
interface Edge<Id> {
	readonly at: number;
	readonly from: Station<Id>;
	readonly begins: boolean;
	/** What was whole at the end. */
	readonly frame: Kept | undefined;
}

export class SharedWire<Id> implements Machine<SharedWireEvent<Id>, SharedWireSink<Id>> {
	readonly #timing: HalfDuplexTiming;
	readonly #random: Random;
	/** Bit times between any two stations. */
	readonly #reach: number;
	readonly #queueFrames: number;
	readonly #bitsPerMillisecond: number;
	readonly #shelf = new Shelf();
	readonly #stations = new Map<Id, Station<Id>>();
	/** By time, as all take the same. */
	readonly #edges = new Queue<Edge<Id>>();
	/** Signals that have begun and not ended, where the stations are. */
	#signals = 0;
	#now = 0;
	readonly #counts = { received: 0, sent: 0, overflowed: 0, givenUp: 0, lost: 0, collisions: 0 };

	constructor(timing: HalfDuplexTiming, random: Random, reach: number, queueFrames: number) {
		this.#timing = timing;
		this.#random = random;
		this.#reach = reach;
		this.#queueFrames = queueFrames;
		this.#bitsPerMillisecond = timing.bitRate / 1000;
	}

	get deadline(): number {
		return this.#next / this.#bitsPerMillisecond;
	}

	get counters(): SharedWireCounters {
		let waiting = 0;
		for (const { queue, sending } of this.#stations.values()) waiting += queue.length + (sending ? 1 : 0);
		return { ...this.#counts, waiting };
	}

	step(event: SharedWireEvent<Id> | Wake, milliseconds: number, sink: SharedWireSink<Id>): void {
		// Not before what the deadline was for, whatever rounding makes of it.
		const due = this.deadline <= milliseconds ? this.#next : 0;
		const now = Math.max(Math.round(milliseconds * this.#bitsPerMillisecond), due);
		for (let next = this.#next; next <= now; next = this.#next) this.#advance(next, sink);
		this.#now = now;
		if (event.type === 'join') this.#join(event.id);
		else if (event.type === 'leave') this.#leave(event.id);
		else if (event.type === 'frames') this.#queue(this.#stations.get(event.id)!, event.frames);
		if (event.type !== 'wake') for (let next = this.#next; next <= now; next = this.#next) this.#advance(next, sink);
	}

	/** In bit times. */
	get #next(): number {
		let next = this.#edges.at(0)?.at ?? Number.POSITIVE_INFINITY;
		for (const { machine } of this.#stations.values()) next = Math.min(next, machine.deadline);
		return next;
	}

	/** Does what is due first, at its own time; signals arrive before stations act. */
	#advance(at: number, sink: SharedWireSink<Id>): void {
		this.#now = at;
		const edge = this.#edges.at(0);
		if (edge !== undefined && edge.at <= at) {
			this.#edges.shift();
			this.#arrive(edge, sink);
			return;
		}
		for (const station of this.#stations.values()) {
			if (station.machine.deadline > at) continue;
			station.machine.step({ type: 'wake' }, at, station.sink);
			this.#feed(station);
		}
	}

	#arrive({ at, from, begins, frame }: Edge<Id>, sink: SharedWireSink<Id>): void {
		this.#signals += begins ? 1 : -1;
		for (const station of this.#stations.values()) {
			if (station === from) continue;
			const before = station.heard;
			station.heard += begins ? 1 : -1;
			if (before > 0 !== station.heard > 0) {
				station.machine.step({ type: 'carrier', sensed: begins }, at, station.sink);
			}
		}
		if (frame === undefined) return;
		try {
			sink.onFrame(from.id, frame.bytes);
		} finally {
			this.#shelf.release(frame);
		}
	}

	#join(id: Id): void {
		const station: Station<Id> = {
			id,
			machine: new HalfDuplex(this.#timing, this.#random),
			sink: {
				onSignal: () => this.#signal(station, true, undefined),
				onSilence: (sent) => this.#silence(station, sent),
				onGivenUp: (frame) => {
					station.sending = undefined;
					this.#counts.givenUp += 1;
					this.#shelf.release(frame);
				},
			},
			queue: new Queue(),
			sending: undefined,
			signalling: false,
			heard: this.#signals,
		};
		this.#stations.set(id, station);
		if (station.heard > 0) station.machine.step({ type: 'carrier', sensed: true }, this.#now, station.sink);
	}

	#leave(id: Id): void {
		const station = this.#stations.get(id);
		if (station === undefined) return;
		this.#stations.delete(id);
		if (station.signalling) this.#signal(station, false, undefined);
		if (station.sending) station.queue.unshift(station.sending);
		this.#counts.lost += station.queue.length;
		for (let kept = station.queue.shift(); kept; kept = station.queue.shift()) this.#shelf.release(kept);
	}

	#queue(station: Station<Id>, frames: readonly Uint8Array[]): void {
		for (const frame of frames) {
			this.#counts.received += 1;
			if (station.queue.length >= this.#queueFrames) this.#counts.overflowed += 1;
			else station.queue.push(this.#shelf.put(frame, undefined, 0));
			this.#feed(station);
		}
	}

	#feed(station: Station<Id>): void {
		if (station.machine.busy) return;
		station.sending = station.queue.shift();
		if (station.sending === undefined) return;
		const bits = 8 * (station.sending.bytes.length + checkSequence);
		station.machine.step({ type: 'send', frame: station.sending, bits }, this.#now, station.sink);
	}

	#silence(station: Station<Id>, sent: Kept | undefined): void {
		this.#signal(station, false, sent);
		if (sent === undefined) this.#counts.collisions += 1;
		else {
			station.sending = undefined;
			this.#counts.sent += 1;
		}
	}

	#signal(station: Station<Id>, begins: boolean, frame: Kept | undefined): void {
		station.signalling = begins;
		this.#edges.push({ at: this.#now + this.#reach, from: station, begins, frame });
	}
}

/** Bytes. */
const checkSequence = 4;
