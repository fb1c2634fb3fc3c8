import assert from 'node:assert/strict';
import { test } from 'node:test';
import { virtualClock } from '../../base/virtual-clock.ts';
import type { Backlog } from '../../stack/backlog.ts';
import { deaf, type Flow } from '../../stack/flow.ts';
import { Depth } from './depth.ts';
import { shallowBytes } from './limits.ts';

/** A system that takes everything at once and sends so many bytes per ms. */
class System {
	readonly clock = virtualClock();
	readonly depth: Depth;
	readonly #rate: number;
	#bytes = 0;
	#at = 0;
	looks = 0;
	most = 0;
	rooms = 0;

	constructor(rate: number, tells = true) {
		this.#rate = rate;
		this.depth = new Depth({ clock: this.clock, roundTrip: () => 0, onRoom: () => (this.rooms += 1) });
		const backlog = (): Backlog | undefined => {
			this.looks += 1;
			return tells ? { bytes: this.bytes, underWay: false } : undefined;
		};
		this.depth.attach({ handler: deaf, backlog } as unknown as Flow);
		this.depth.keepShallow();
	}

	get bytes(): number {
		const now = this.clock.now();
		this.#bytes = Math.max(0, this.#bytes - (now - this.#at) * this.#rate);
		this.#at = now;
		return this.#bytes;
	}

	/** Gives it messages of 1000 bytes while there is room. */
	fill(): void {
		while (this.depth.room > 0) {
			this.#bytes = this.bytes + 1_000;
			this.depth.started(1_000, true);
			this.depth.handed(1_000);
		}
		this.most = Math.max(this.most, this.bytes);
	}

	async pass(milliseconds: number): Promise<void> {
		await new Promise<void>((resolve) => void this.clock.after(milliseconds, resolve));
	}
}

for (const rate of [1_250, 10_000]) {
	test(`the system is kept at what it sends in 20 ms, and never without, at ${rate} bytes per ms`, async () => {
		const system = new System(rate);
		for (let count = 0; count < 200; count += 1) {
			system.fill();
			await system.pass(2);
			if (count === 100) system.most = 0;
			if (count > 100) assert.ok(system.bytes > 0);
		}
		assert.ok(system.most <= 20 * rate + 1_000, `${system.most} bytes`);
		assert.ok(system.rooms > 0);
		system.depth.detach();
		assert.equal(system.clock.pending, 0);
	});
}

test('a system that does not tell is given a fixed number of bytes that it has not taken', () => {
	const { depth } = new System(1, false);
	assert.equal(depth.room, shallowBytes.unknown);
	depth.started(shallowBytes.unknown, true);
	assert.equal(depth.room, 0);
	depth.handed(shallowBytes.unknown);
	assert.equal(depth.room, shallowBytes.unknown);
});

test('nobody is asked while no message has a rank', () => {
	const clock = virtualClock();
	const depth = new Depth({ clock, roundTrip: () => 0, onRoom() {} });
	const backlog = () => assert.fail('asked');
	depth.attach({ handler: deaf, backlog } as unknown as Flow);
	depth.started(1e9, true);
	assert.equal(depth.room, Number.POSITIVE_INFINITY);
});
