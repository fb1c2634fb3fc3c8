/**
 * Where frames lie that were lent to a link and are kept for later. They are copied into slabs, which all shelves of the
 * process hand round: a shelf on which nothing lies holds no memory, and a busy one makes no garbage.
 */

import type { FrameInfo } from '../../stack/link.ts';

export interface Kept {
	/** Until it is released. */
	readonly bytes: Uint8Array;
	readonly info: FrameInfo | undefined;
	/** When its keeper wants it back, in the keeper's own time. */
	due: number;
	readonly slab: Slab;
}

interface Slab {
	readonly memory: ArrayBuffer;
	/** Views of it by turn, made before: a new one costs more than copying the frame. */
	readonly views: Uint8Array[];
	/** Frames put into it since it was empty. */
	puts: number;
	/** Bytes. */
	used: number;
	/** Frames that lie in it. */
	kept: number;
}

/** Bytes of memory that a frame of so many takes: whole lines of a cache. */
export function roomFor(length: number): number {
	return (Math.max(length, 1) + 63) & ~63;
}

export class Shelf {
	/** Bytes of memory that the frames take. */
	taken = 0;
	/** The one that is being filled. */
	#slab: Slab | undefined;

	/** Copies what is lent. */
	put(frame: Uint8Array, info: FrameInfo | undefined, due: number): Kept {
		const room = roomFor(frame.length);
		let slab = this.#slab;
		if (slab === undefined || slab.memory.byteLength - slab.used < room) {
			slab = this.#slab = take(this.taken + room > smallSlab ? Math.max(room, largeSlab) : smallSlab);
		}
		let bytes = slab.views[slab.puts];
		if (bytes?.byteOffset !== slab.used || bytes.length !== frame.length) {
			bytes = slab.views[slab.puts] = new Uint8Array(slab.memory, slab.used, frame.length);
		}
		bytes.set(frame);
		slab.puts += 1;
		slab.used += room;
		slab.kept += 1;
		this.taken += room;
		return { bytes, info, due, slab };
	}

	/** The frame is overwritten some time after this. */
	release({ bytes, slab }: Kept): void {
		this.taken -= roomFor(bytes.length);
		slab.kept -= 1;
		if (slab.kept > 0) return;
		if (slab === this.#slab) this.#slab = undefined;
		giveBack(slab);
	}
}

const smallSlab = 4096;
/** Room for one segment of the largest size, and some more. */
const largeSlab = 131_072;
/** Slabs that wait for a shelf, at most. */
const spareSlabs = 32;

const spare = new Map<number, Slab[]>([
	[smallSlab, []],
	[largeSlab, []],
]);

function take(size: number): Slab {
	return spare.get(size)?.pop() ?? { memory: new ArrayBuffer(size), views: [], puts: 0, used: 0, kept: 0 };
}

function giveBack(slab: Slab): void {
	slab.puts = slab.used = 0;
	const others = spare.get(slab.memory.byteLength);
	if (others !== undefined && others.length < spareSlabs) others.push(slab);
}
