/**
 * The one shape of every protocol machine, and the one driver that gives it time.
 *
 * A machine does no I/O and reads no clock: it is told what happened and when, and calls the methods of its sink to say
 * what should happen. The driver turns `deadline` into a timer and keeps steps apart: an event sent while a step runs
 * (by an effect that answers at once) waits until that step is over.
 */

import type { Clock, Timer } from './clock.ts';
import { Queue } from './queue.ts';

/** Sent by the driver when `deadline` has come. */
export interface Wake {
	readonly type: 'wake';
}

export interface Machine<Event, Sink> {
	step(event: Event | Wake, now: number, sink: Sink): void;
	/** When the machine next wants a wake, on the driver's clock; `Infinity` for never. */
	readonly deadline: number;
}

export interface Driver<Event> {
	send(event: Event): void;
	/** No step and no wake happens after this. */
	stop(): void;
}

const wake: Wake = { type: 'wake' };

export function drive<Event, Sink>(machine: Machine<Event, Sink>, sink: Sink, clock: Clock): Driver<Event> {
	const waiting = new Queue<Event | Wake>();
	let stepping = false;
	let stopped = false;
	let timer: Timer | undefined;
	let armed = Number.POSITIVE_INFINITY;

	function run(): void {
		if (stepping) return;
		stepping = true;
		try {
			while (!stopped && waiting.length > 0) machine.step(waiting.shift()!, clock.now(), sink);
		} finally {
			stepping = false;
			if (!stopped) arm();
			// A step has thrown, to whoever sent its event: the others are not to suffer.
			if (!stopped && waiting.length > 0) clock.soon(run);
		}
	}

	function arm(): void {
		if (machine.deadline === armed) return;
		timer?.cancel();
		timer = undefined;
		armed = machine.deadline;
		if (armed === Number.POSITIVE_INFINITY) return;
		timer = clock.after(armed - clock.now(), () => {
			timer = undefined;
			armed = Number.POSITIVE_INFINITY;
			waiting.push(wake);
			run();
		});
	}

	return {
		send(event) {
			if (stopped) return;
			waiting.push(event);
			run();
		},
		stop() {
			stopped = true;
			timer?.cancel();
		},
	};
}
