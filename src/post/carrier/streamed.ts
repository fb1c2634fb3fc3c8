/** A message in pieces as the sender has it: what was written and not framed yet. */

import { Queue } from '../../base/queue.ts';
import type { FrameOutput, Framer } from '../message/framer.ts';
import { Outgoing, type OutgoingOptions, type Piece } from './outgoing.ts';
import type { SendReport } from './sending.ts';

/** Bytes written and not framed, from which on a writer should wait. */
const enough = 64 * 2 ** 10;

export class Streamed extends Outgoing {
	/** Its last piece was written. */
	complete = false;
	readonly #pieces = new Queue<Uint8Array>();
	/** Tells what no framer would take before it waits. */
	readonly #probe: Framer;
	/** Bytes that were written and not framed, more or fewer; throws if there is no room for more. */
	readonly #account: (bytes: number) => void;
	#bytes = 0;
	#waiting: (() => void)[] = [];

	constructor(report: SendReport, probe: Framer, account: (bytes: number) => void, options: OutgoingOptions) {
		super(nothing, report, false, options);
		this.#probe = probe;
		this.#account = account;
	}

	/** Throws what the framing does not take. */
	add(piece: Uint8Array, last: boolean): void {
		if (this.state !== 'ended') this.#account(piece.length);
		this.#probe.frame(piece, { complete: last }, nowhere);
		this.complete = last;
		if (this.state === 'ended') return;
		this.#pieces.push(piece);
		this.#bytes += piece.length;
	}

	/** Bytes written and not framed. */
	get bytes(): number {
		return this.#bytes;
	}

	override get ready(): boolean {
		return this.#pieces.length > 0;
	}

	/** Nobody knows what is to come. */
	override fits(): boolean {
		return false;
	}

	override take(most: number): Piece | undefined {
		const first = this.#pieces.shift();
		if (!first) return undefined;
		const bytes = first.length > most ? first.subarray(0, most) : first;
		if (bytes !== first) this.#pieces.unshift(first.subarray(most));
		this.#bytes -= bytes.length;
		this.#account(-bytes.length);
		if (this.#bytes < enough) this.#tell();
		return { bytes, last: this.complete && this.#pieces.length === 0 };
	}

	/** It has ended: nothing more is taken, and nobody need wait. */
	drop(): void {
		this.#pieces.clear();
		this.#account(-this.#bytes);
		this.#bytes = 0;
		this.#tell();
	}

	welcome(): Promise<void> {
		if (this.#bytes < enough || this.state === 'ended') return Promise.resolve();
		return new Promise((resolve) => this.#waiting.push(resolve));
	}

	#tell(): void {
		for (const resolve of this.#waiting.splice(0)) resolve();
	}
}

const nothing = new Uint8Array(0);

/** For finding out what a framer takes. */
export const nowhere: FrameOutput = { uint8() {}, uint16() {}, uint32() {}, write() {} };
