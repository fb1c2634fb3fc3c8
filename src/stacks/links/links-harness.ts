/** What the tests of links share. */

import type { Clock } from '../../base/clock.ts';
import { type FrameInfo, headerLength, type Link } from '../../stack/link.ts';

/** A frame of a given length whose first bytes after a header are its number; its header is all zero. */
export function frameOf(number: number, length = 64): Uint8Array {
	const frame = new Uint8Array(length);
	new DataView(frame.buffer).setUint32(headerLength('ethernet'), number);
	return frame;
}

export function numberOf(frame: Uint8Array): number {
	return new DataView(frame.buffer, frame.byteOffset).getUint32(headerLength('ethernet'));
}

export interface Ear {
	/** `<time> <numbers of the batch>`, `<time> drain`, `<time> close <code>`. */
	readonly log: string[];
	/** Copies. */
	readonly frames: Uint8Array[];
	readonly infos: (FrameInfo | undefined)[];
	readonly times: number[];
}

/** Listens at a link. */
export function ear(link: Link, clock: Clock, log: string[] = []): Ear {
	const heard: Ear = { log, frames: [], infos: [], times: [] };
	link.handler = {
		onFrames(frames, infos) {
			log.push(`${clock.now()} ${frames.map(numberOf)}`);
			for (const [index, frame] of frames.entries()) {
				heard.frames.push(frame.slice());
				heard.infos.push(infos?.[index]);
				heard.times.push(clock.now());
			}
		},
		onDrain: () => void log.push(`${clock.now()} drain`),
		onState: () => void log.push(`${clock.now()} ${link.up ? 'up' : 'down'}`),
		onClose: (error) => void log.push(`${clock.now()} close${error ? ` ${error.code}` : ''}`),
	};
	return heard;
}

export function pause(clock: Clock, milliseconds: number): Promise<void> {
	return new Promise((resolve) => void clock.after(milliseconds, resolve));
}
