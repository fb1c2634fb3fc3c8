import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { seededRandom } from '../../base/random.ts';
import type { RaceReport } from '../race/report.ts';
import { fileStore } from './file-store.ts';
import { day, hour, minute } from './kinds.ts';
import { Memory } from './memory.ts';
import {
	attempt,
	cancelled,
	ends,
	failed,
	ip,
	type Remembering,
	race,
	remembering,
	settled,
	target,
	wlan,
} from './memory-harness.ts';
import { memoryStore } from './memory-store.ts';
import type { RaceOutcome } from './race-outcome.ts';
import { Calendar } from './store-harness.ts';
import type { StoredValue } from './value.ts';

const [v6, v4, other] = ['2001:db8::1', '192.0.2.1', '198.51.100.7'];

function ordered({ memory }: Remembering, addresses: readonly string[], protocol = 'tls', network = wlan): string[] {
	return memory
		.hints(target, network)
		.order(ends(...addresses), protocol)
		.map(({ address }) => String(address.address));
}

test('the report of a race is all that memory needs', () => {
	const fits = (report: RaceReport): RaceOutcome => report;
	assert.ok(fits);
});

describe('what won', () => {
	test('P-56 H-72 is tried first for ten minutes', () => {
		const world = remembering();
		world.memory.recordRace(
			race(cancelled(v6, 290), attempt({ address: v4, start: 250, connected: 270, end: 290 })),
			wlan,
		);
		assert.deepEqual(world.memory.hints(target, wlan).winner, {
			protocol: 'tls',
			address: v4,
			port: 443,
			family: 4,
			milliseconds: 60,
		});
		assert.deepEqual(ordered(world, [v6, v4]), [v4, v6]);
		world.calendar.time += 10 * minute - 1;
		assert.deepEqual(ordered(world, [v6, v4]), [v4, v6]);
		world.calendar.time += 1;
		assert.equal(world.memory.hints(target, wlan).winner, undefined);
		assert.deepEqual(ordered(world, [v6, v4]), [v6, v4]);
	});

	test('counts for its protocol, port, remote and network only', () => {
		const world = remembering();
		world.memory.recordRace(race(attempt({ address: v4 })), wlan);
		const elsewhere = { address: { address: ip(v4), port: 80 } };
		assert.deepEqual(ordered(world, [v6, v4], 'quic'), [v6, v4]);
		assert.deepEqual(ordered(world, [v6, v4], 'tls', 'network:lan'), [v6, v4]);
		const candidates = [...ends(v6), elsewhere];
		assert.deepEqual(world.memory.hints(target, wlan).order(candidates, 'tls'), candidates);
		assert.equal(world.memory.hints('other.example:443', wlan).winner, undefined);
	});

	test('by falling back to plaintext is not remembered as a winner', () => {
		const { memory } = remembering();
		memory.recordRace(
			{ ...race(attempt({ address: v4, protocol: 'tcp', connected: null })), plaintextFallback: true },
			wlan,
		);
		assert.equal(memory.hints(target, wlan).winner, undefined);
	});

	test('hints reorder what is given: nothing is added, nothing left out', () => {
		const world = remembering();
		world.memory.recordRace(race(attempt({ address: other })), wlan);
		world.memory.recordRace(race(failed(v6, 'refused')), wlan);
		assert.deepEqual(ordered(world, [v6, v4]), [v4, v6]);
		const unix = [{ address: { path: '/run/x' } }];
		assert.deepEqual(world.memory.hints(target, wlan).order(unix, 'tls'), unix);
	});
});

describe('what failed', () => {
	test('H-73 goes behind what did not, for ten minutes, and longer each time in a row', () => {
		const world = remembering();
		for (const minutes of [10, 30, 50, 70, 90, 110, 110]) {
			world.memory.recordRace(race(failed(v6, 'refused', { end: 20 })), wlan);
			assert.deepEqual(ordered(world, [v6, v4]), [v4, v6]);
			world.calendar.time += minutes * minute - 1;
			assert.deepEqual(ordered(world, [v6, v4]), [v4, v6], `still after ${minutes} minutes`);
			world.calendar.time += 1;
			assert.deepEqual(ordered(world, [v6, v4]), [v6, v4], `not any more after ${minutes} minutes`);
		}
	});

	test('the least bad goes first of those that failed, and a success ends it', () => {
		const world = remembering();
		const { memory } = world;
		memory.recordRace(race(failed(v6, 'refused')), wlan);
		world.calendar.time += minute;
		memory.recordRace(race(failed(v6, 'reset'), failed(v4, 'refused')), wlan);
		assert.deepEqual(ordered(world, [v6, v4, other]), [other, v4, v6]);
		memory.recordRace(race(attempt({ address: v6 })), wlan);
		assert.equal(memory.performance(ip(v6), 'tls', wlan).penalty, 0);
		assert.deepEqual(ordered(world, [v4, v6, other]), [v6, other, v4]);
	});

	test('many times within a minute has failed once: races that run side by side lose to one fault', () => {
		const world = remembering();
		for (let index = 0; index < 6; index += 1) {
			world.memory.recordRace(race(failed(v6, 'refused')), wlan);
			world.calendar.time += 100;
		}
		assert.ok(world.memory.performance(ip(v6), 'tls', wlan).penalty <= 1);
		world.calendar.time += 10 * minute;
		assert.deepEqual(ordered(world, [v6, v4]), [v6, v4]);
	});

	test('is not tried first though it won before', () => {
		const world = remembering();
		world.memory.recordRace(race(attempt({ address: v4 })), wlan);
		world.memory.recordRace(race(failed(v4, 'tls-failed', { connected: 20, phase: 'handshake' })), wlan);
		assert.deepEqual(ordered(world, [v4, v6]), [v6, v4]);
	});

	test('on this side says nothing of the address', () => {
		const { memory } = remembering();
		for (const code of [
			'address-unavailable',
			'not-permitted',
			'resource-limit',
			'aborted',
			'not-supported',
		] as const) {
			memory.recordRace(race(failed(v6, code), attempt({ address: v4 })), wlan);
		}
		assert.equal(memory.performance(ip(v6), 'tls', wlan).penalty, 0);
		assert.equal(memory.performance(ip(v6), 'tls', wlan).successRate, 0.5);
	});
});

describe('what was given up', () => {
	test('H-75 before its answer was due has not failed: its round trip is longer than that, no more', () => {
		const world = remembering();
		const { memory } = world;
		memory.recordRace(race(attempt({ address: v6, connected: 200, end: 400 })), wlan);
		const before = memory.performance(ip(v6), 'tls', wlan);
		memory.recordRace(race(cancelled(v6, 180), attempt({ address: v4 })), wlan);
		const after = memory.performance(ip(v6), 'tls', wlan);
		assert.deepEqual(after, { ...before, over: 180 });
		assert.deepEqual(ordered(world, [v6, other]), [v6, other]);
	});

	test('H-75 though nothing was ever measured, it has not failed within a second', () => {
		const { memory } = remembering();
		memory.recordRace(race(cancelled(v6, 999), attempt({ address: v4, start: 940, connected: 960, end: 999 })), wlan);
		const { over, penalty, srtt } = memory.performance(ip(v6), 'tls', wlan);
		assert.deepEqual({ over, penalty, srtt }, { over: 999, penalty: 0, srtt: undefined });
		assert.equal(memory.attemptDelay(ip('2001:db8:9::1'), wlan), 100, 'of the path, to which the loser added nothing');
	});

	test('H-73 after it was overdue is a silent loss, of its prefix too', () => {
		const world = remembering();
		const { memory } = world;
		memory.recordRace(race(attempt({ address: v6, connected: 20 })), wlan);
		memory.recordRace(race(cancelled(v6, 101), attempt({ address: v4 })), wlan);
		assert.equal(memory.performance(ip(v6), 'tls', wlan).penalty, 1);
		memory.recordRace(race(cancelled('2001:db8:7::1', 1_000), attempt({ address: v4 })), wlan);
		assert.equal(memory.performance(ip('2001:db8:7::2'), 'tls', wlan).penalty, 1, 'a neighbour in the same /48');
		assert.equal(memory.performance(ip('2001:db8:8::2'), 'tls', wlan).penalty, 0);
		assert.deepEqual(ordered(world, ['2001:db8:7::2', '2001:db8:8::2']), ['2001:db8:8::2', '2001:db8:7::2']);
		memory.recordRace(race(attempt({ address: '2001:db8:7::2' })), wlan);
		assert.equal(memory.performance(ip('2001:db8:7::3'), 'tls', wlan).penalty, 0, 'a neighbour has answered');
		assert.equal(memory.performance(ip('2001:db8:7::1'), 'tls', wlan).penalty, 1);
	});

	test('H-73 in the same race as a neighbour that won is not its prefix’s fault', () => {
		const { memory } = remembering();
		memory.recordRace(race(attempt({ address: '192.0.2.5' }), failed('192.0.2.6', 'timed-out')), wlan);
		assert.equal(memory.performance(ip('192.0.2.6'), 'tls', wlan).penalty, 1);
		assert.equal(memory.performance(ip('192.0.2.7'), 'tls', wlan).penalty, 0);
	});

	test('an address that is known by itself does not answer for its neighbours', () => {
		const { memory } = remembering();
		memory.recordRace(race(attempt({ address: '192.0.2.5' })), wlan);
		memory.recordRace(race(failed('192.0.2.6', 'timed-out'), attempt({ address: v6 })), wlan);
		assert.equal(memory.performance(ip('192.0.2.5'), 'tls', wlan).penalty, 0);
		assert.equal(memory.performance(ip('192.0.2.7'), 'tls', wlan).penalty, 1);
	});

	test('where nothing at all has answered, the network is at fault', () => {
		const { memory } = remembering();
		memory.recordRace(race(cancelled(v6, 30_000), failed(v4, 'timed-out', { end: 30_000 })), wlan);
		for (const address of [v6, v4]) {
			const { penalty, successRate, over } = memory.performance(ip(address), 'tls', wlan);
			assert.deepEqual({ penalty, successRate, over }, { penalty: 0, successRate: 0.5, over: 0 });
		}
	});

	test('that of two networks only one answered is no excuse for the other', () => {
		const { memory } = remembering();
		const on = (stack: string) => `network:${stack}`;
		memory.recordRace(race(cancelled(v6, 5_000, { stack: 'lte' }), attempt({ address: v4, stack: 'wifi' })), on);
		assert.equal(memory.performance(ip(v6), 'tls', 'network:lte').penalty, 0);
		assert.equal(memory.performance(ip(v4), 'tls', 'network:wifi').srtt, 20);
		assert.equal(memory.performance(ip(v4), 'tls', 'network:lte').srtt, undefined);
		assert.equal(memory.hints(target, 'network:wifi').winner?.address, v4);
		assert.equal(memory.hints(target, 'network:lte').winner, undefined);
	});
});

describe('performance', () => {
	test('I-9.2-01 is kept per address and per prefix, per network: round trip, latency, success rate', () => {
		const { memory } = remembering();
		memory.recordRace(race(attempt({ address: v4, connected: 40, end: 100 })), wlan);
		const own = { srtt: 40, rttvar: 20, over: 0, latency: 100, successRate: 2 / 3, penalty: 0 };
		assert.deepEqual(memory.performance(ip(v4), 'tls', wlan), own);
		assert.deepEqual(memory.performance(ip('192.0.2.200'), 'tls', wlan), own, 'another of 192.0.2.0/24');
		assert.deepEqual(memory.performance(ip(`::ffff:${v4}`), 'tls', wlan), own, 'the same, mapped');
		const nothing = { srtt: undefined, rttvar: undefined, over: 0, latency: undefined, successRate: 0.5, penalty: 0 };
		assert.deepEqual(memory.performance(ip('192.0.3.1'), 'tls', wlan), nothing);
		assert.deepEqual(memory.performance(ip(v4), 'tls', 'network:lan'), nothing);
		assert.deepEqual(memory.performance(ip(v4), 'quic', wlan), { ...nothing, srtt: 40, rttvar: 20 });
	});

	test('I-9.2-02 round trips age fast, success rates slowly', () => {
		const { memory, calendar } = remembering();
		const samples = (milliseconds: number) => {
			for (let index = 0; index < 20; index += 1) {
				memory.recordRace(race(attempt({ address: v4, connected: milliseconds })), wlan);
			}
			return memory.performance(ip(v4), 'tls', wlan);
		};
		const { srtt } = samples(200);
		assert.equal(srtt, 200);
		memory.recordRace(race(attempt({ address: v4, connected: 40 })), wlan);
		assert.equal(memory.performance(ip(v4), 'tls', wlan).srtt, 180, 'RFC 6298: an eighth');
		samples(200);
		calendar.time += 8 * minute;
		memory.recordRace(race(attempt({ address: v4, connected: 40 })), wlan);
		assert.ok(memory.performance(ip(v4), 'tls', wlan).srtt! < 75, 'what was measured long ago counts little');
		const { successRate } = memory.performance(ip(v4), 'tls', wlan);
		calendar.time += 10 * minute;
		assert.equal(memory.performance(ip(v4), 'tls', wlan).srtt, undefined, 'gone');
		assert.ok(memory.performance(ip(v4), 'tls', wlan).successRate > 0.95 * successRate, 'still there');
		calendar.time += 6 * hour;
		assert.ok(memory.performance(ip(v4), 'tls', wlan).successRate > 0.9);
		calendar.time += 2 * day;
		assert.equal(memory.performance(ip(v4), 'tls', wlan).successRate, 0.5);
	});

	test('I-9.2-02 what is significantly better goes first, and what is a little better does not', () => {
		const world = remembering();
		const [slow, quick, unknown] = ['192.0.2.1', '198.51.100.1', '203.0.113.1'];
		const measure = (address: string, connected: number) => {
			world.memory.recordRace({ ...race(attempt({ address, connected, end: connected })), target: 'other:1' }, wlan);
		};
		measure(slow, 200);
		measure(quick, 120);
		assert.deepEqual(ordered(world, [slow, unknown, quick]), [slow, unknown, quick]);
		for (let index = 0; index < 8; index += 1) measure(quick, 20);
		assert.deepEqual(ordered(world, [slow, unknown, quick]), [quick, unknown, slow], 'the unknown one keeps its place');
		measure('10.0.0.1', 1);
		measure('10.0.1.1', 0.2);
		assert.deepEqual(ordered(world, ['10.0.0.1', '10.0.1.1']), ['10.0.0.1', '10.0.1.1'], 'a millisecond is nothing');
	});

	test('an address that often fails costs more than its round trip', () => {
		const world = remembering();
		const { memory, calendar } = world;
		const run = (...attempts: Parameters<typeof race>) =>
			memory.recordRace({ ...race(...attempts), target: 'other:1' }, wlan);
		for (let index = 0; index < 10; index += 1) {
			run(failed('192.0.2.1', 'reset'));
			run(attempt({ address: '198.51.100.1', connected: 100 }));
		}
		calendar.time += 2 * hour;
		run(attempt({ address: '192.0.2.1', connected: 100 }));
		run(attempt({ address: '198.51.100.1', connected: 100 }));
		assert.equal(memory.performance(ip('192.0.2.1'), 'tls', wlan).penalty, 0);
		assert.deepEqual(ordered(world, ['192.0.2.1', '198.51.100.1']), ['198.51.100.1', '192.0.2.1']);
	});
});

describe('H-33 I-4.3.2-03 the delay between attempts', () => {
	test('is SRTT + 4 RTTVAR of the address, else of its prefix, else of the path, from 100 to 2000 ms', () => {
		const { memory } = remembering();
		assert.equal(memory.attemptDelay(ip(v4), wlan), undefined);
		memory.recordRace(race(attempt({ address: v4, connected: 100 })), wlan);
		for (const address of [v4, '192.0.2.99', '203.0.113.1', v6]) {
			assert.equal(memory.attemptDelay(ip(address), wlan), 300, address);
			assert.equal(memory.hints(target, wlan).attemptDelay(ip(address)), 300, address);
		}
		assert.equal(memory.attemptDelay(ip(v4), 'network:lan'), undefined);
		memory.recordRace(race(attempt({ address: '198.51.100.1', connected: 5 })), wlan);
		assert.equal(memory.attemptDelay(ip('198.51.100.1'), wlan), 100);
		assert.equal(memory.attemptDelay(ip(v4), wlan), 300);
		memory.recordRace(race(attempt({ address: '203.0.113.1', connected: 900 })), wlan);
		assert.equal(memory.attemptDelay(ip('203.0.113.1'), wlan), 2_000);
	});

	test('is no less than the address is known to take', () => {
		const { memory } = remembering();
		memory.recordRace(race(attempt({ address: v4, connected: 50 })), wlan);
		memory.recordRace(race(cancelled(v4, 149), attempt({ address: v6, connected: 50 })), wlan);
		assert.equal(memory.attemptDelay(ip(v4), wlan), 150);
		memory.recordRace(race(cancelled(v4, 450), attempt({ address: v6, connected: 50 })), wlan);
		assert.equal(memory.attemptDelay(ip(v4), wlan), 450);
		memory.recordRace(race(attempt({ address: v4, connected: 50 })), wlan);
		assert.ok(memory.attemptDelay(ip(v4), wlan)! < 150, 'an answer says more than a silence');
	});

	test('is not learnt from a second and more, of which nobody knows which packet was answered, nor from loopback', () => {
		const { memory } = remembering();
		memory.recordRace(race(attempt({ address: v4, connected: 1_020, end: 1_100 })), wlan);
		assert.equal(memory.attemptDelay(ip(v4), wlan), undefined);
		memory.recordRace(race(attempt({ address: '127.0.0.1', connected: 0.1 })), wlan);
		assert.equal(memory.attemptDelay(ip(v4), wlan), undefined);
		assert.equal(memory.attemptDelay(ip('127.0.0.1'), wlan), 100);
	});

	test('a connection that needs no handshake took one round trip', () => {
		const { memory } = remembering();
		memory.recordRace(race(attempt({ address: v4, protocol: 'tcp', connected: null, end: 80 })), wlan);
		assert.equal(memory.performance(ip(v4), 'tcp', wlan).srtt, 80);
	});

	test('a loser that was connected has shown its round trip, and has not failed', () => {
		const { memory } = remembering();
		const loser = attempt({ address: v6, connected: 70, end: 200, outcome: 'cancelled', phase: 'handshake' });
		memory.recordRace(race(loser, attempt({ address: v4, end: 200 })), wlan);
		const { srtt, penalty, over, successRate } = memory.performance(ip(v6), 'tls', wlan);
		assert.deepEqual({ srtt, penalty, over, successRate }, { srtt: 70, penalty: 0, over: 0, successRate: 0.5 });
	});
});

describe('H-71 H-73 convergence', () => {
	test('one in about twenty races ignores history, at random', () => {
		const store = memoryStore();
		const memory = new Memory({ store, random: seededRandom(7) });
		memory.recordRace(race(cancelled(v6, 1_200), attempt({ address: v4 })), wlan);
		let exploring = 0;
		for (let index = 0; index < 20_000; index += 1) {
			const hints = memory.hints(target, wlan);
			const first = hints.order(ends(v6, v4), 'tls')[0]!.address.address;
			assert.equal(String(first), hints.exploring ? v6 : v4);
			if (hints.exploring) exploring += 1;
		}
		assert.ok(exploring > 800 && exploring < 1_200, `${exploring} of 20000`);
	});

	test('an address that was repaired is found again', () => {
		const world = remembering({ random: seededRandom(3) });
		world.memory.recordRace(race(cancelled(v6, 1_200), attempt({ address: v4 })), wlan);
		for (let races = 1; ; races += 1) {
			assert.ok(races < 200, 'never found');
			world.calendar.time += 1_000;
			const first = ordered(world, [v6, v4])[0]!;
			world.memory.recordRace(race(attempt({ address: first })), wlan);
			if (first === v6) break;
		}
		assert.equal(world.memory.performance(ip(v6), 'tls', wlan).penalty, 0);
		assert.equal(
			ordered({ ...world, memory: new Memory({ store: world.store, now: world.calendar.now, random: settled }) }, [
				v4,
				v6,
			])[0],
			v6,
		);
	});
});

describe('isolation', () => {
	const ticket = { name: 'example.com', port: 443, alpn: ['h2'], security: 's' };
	const fill = (memory: Memory) => {
		memory.recordRace(race(attempt({ address: v4 }), failed(v6, 'refused')), wlan);
		memory.names.remember(
			'example.com',
			{ type: 'A', status: 'found', records: [{ address: ip(v4), ttl: 60 }], source: 's' },
			wlan,
		);
		memory.tickets.put(ticket, Uint8Array.of(1));
		memory.paths.record('udp', false, wlan);
	};
	const knows = (memory: Memory) => [
		memory.hints(target, wlan).winner?.address,
		Math.round(memory.performance(ip(v6), 'tls', wlan).penalty),
		memory.attemptDelay(ip(v4), wlan),
		memory.names.recall('example.com', 'A', wlan)?.records.length,
		memory.tickets.count(ticket),
		memory.paths.recall('udp', wlan),
	];
	const everything = [v4, 1, 100, 1, 1, false];
	const nothing = [undefined, 0, undefined, undefined, 0, undefined];

	test('T-8.1.10-01 I-9.1-03 A-6-02 an isolated memory knows nothing of the shared one', () => {
		const { memory } = remembering();
		fill(memory);
		assert.deepEqual(knows(memory), everything);
		assert.deepEqual(knows(memory.isolated()), nothing);
	});

	test('T-8.1.10-02 I-9.1-03 what it learns stays in its group, and ends with it', () => {
		const { memory } = remembering();
		const [group, stranger] = [memory.isolated(), memory.isolated()];
		fill(group);
		assert.deepEqual(knows(group), everything, 'clones share it');
		assert.deepEqual(knows(memory), nothing);
		assert.deepEqual(knows(stranger), nothing);
		fill(memory);
		group.forget();
		assert.deepEqual(knows(group), nothing);
		assert.deepEqual(knows(memory), everything);
	});

	test('A-4.2.3-01 H-70 contexts of an application share nothing, and each is found again by its name', () => {
		const { memory, store, calendar } = remembering({ partition: 'tenant 1' });
		fill(memory);
		const context = (partition: string) => new Memory({ store, partition, now: calendar.now });
		assert.deepEqual(knows(context('tenant 2')), nothing);
		assert.deepEqual(knows(context('')), nothing);
		assert.equal(context('tenant 1').tickets.count(ticket), 1);
	});

	test('P-57 X-13 what is not isolated survives the process, in a file', async () => {
		const folder = mkdtempSync(join(tmpdir(), 'post-store-'));
		const open = () => fileStore(join(folder, 'memory'), { secrets: 'plain' });
		const first = await open();
		fill(new Memory({ store: first }));
		fill(new Memory({ store: first, partition: 'tenant' }));
		fill(new Memory({ store: first }).isolated());
		await first.close();
		const second = await open();
		assert.deepEqual(knows(new Memory({ store: second })), everything);
		assert.equal(new Memory({ store: second, partition: 'tenant' }).tickets.count(ticket), 1);
		assert.doesNotMatch(readFileSync(join(folder, 'memory'), 'utf8'), /isolated/);
		await second.close();
		rmSync(folder, { recursive: true });
	});

	test('an isolated memory is for no disk, and tickets are secrets', () => {
		const { memory, store } = remembering({ partition: 'tenant' });
		const disks = (partition: string, kind: string) => store.entries({ partition, kind }).map(({ disk }) => disk);
		fill(memory);
		assert.deepEqual(disks('tenant', 'ticket'), ['secret']);
		assert.deepEqual(disks('tenant', 'winner'), [undefined]);
		const spy: string[] = [];
		const watched = {
			...store,
			put: (entry: Parameters<typeof store.put>[0]) => void spy.push(String(entry.disk)),
			get: () => undefined,
			delete() {},
		};
		fill(new Memory({ store: watched as unknown as typeof store }).isolated());
		assert.ok(spy.length > 5);
		assert.deepEqual([...new Set(spy)], ['never']);
	});
});

test('P-54 X-13 what was learnt in a future that was taken back is not believed', () => {
	const { memory, calendar } = remembering();
	memory.recordRace(race(attempt({ address: v4 })), wlan);
	calendar.time -= hour;
	assert.equal(memory.hints(target, wlan).winner, undefined);
	assert.equal(memory.attemptDelay(ip(v4), wlan), undefined);
});

test('what another program left in the store is not believed', () => {
	const { memory, store, calendar } = remembering();
	const expires = calendar.time + hour;
	const wrong: StoredValue[] = [
		null,
		1,
		[],
		new Uint8Array(3),
		{},
		{ at: calendar.time },
		{ at: 'now', srtt: 1, rttvar: 1 },
	];
	for (const value of wrong) {
		store.put({ partition: '', network: wlan, kind: 'rtt', key: v4, value, expires });
		store.put({ partition: '', network: wlan, kind: 'winner', key: target, value, expires });
		assert.equal(memory.attemptDelay(ip(v4), wlan), undefined);
		assert.equal(memory.hints(target, wlan).winner, undefined);
	}
	const now = new Calendar().time;
	const records = [['not an address', 60], ['2001:db8::1', 60], ['192.0.2.1', 'soon'], 7, ['192.0.2.2', 60]];
	const value = { at: now, source: 's', records };
	store.put({ partition: '', network: wlan, kind: 'name', key: 'A example.com', value, expires });
	assert.deepEqual(memory.names.recall('example.com', 'A', wlan)?.records.map(String), ['[object Object]']);
	assert.equal(String(memory.names.recall('example.com', 'A', wlan)?.records[0]?.address), '192.0.2.2');
});

test('unix sockets, and attempts that never ended, leave no trace', () => {
	const { memory, store } = remembering();
	const unix = attempt({ address: '/run/x', port: null, family: 'unix', protocol: 'unix' });
	memory.recordRace(race(unix, cancelled(v6, 0, { end: null, outcome: 'running' })), wlan);
	for (const kind of ['winner', 'rtt', 'success', 'failure'])
		assert.deepEqual(store.entries({ partition: '', kind }), []);
});
