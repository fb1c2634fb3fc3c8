/** What each scheduler of a group promises (RFC 8260 §3.1 to §3.6, RFC 9622 §7.4). */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type Scheduler, schedulers } from '../policy/tokens.ts';
import { GroupScheduler } from './scheduler.ts';
import { leastWeight, type Share } from './scheduler-rules.ts';

const batch = 65_536;
const starvationFree = schedulers.filter((name) => name !== 'priority-based' && name !== 'first-come-first-served');

interface Member {
	readonly name: string;
	readonly share: Share;
	readonly priority: number;
	bytes: number;
	messages: number;
	batches: number;
}

/** Members that always have messages waiting, unless told otherwise. */
function group(scheduler: Scheduler, priorities: readonly number[], onTurn: (name: string) => void = () => {}) {
	const group = new GroupScheduler(scheduler);
	const members = priorities.map((priority, index): Member => {
		const name = 'ABCDEFGH'[index]!;
		const share = group.join(priority, () => onTurn(name));
		return { name, share, priority, bytes: 0, messages: 0, batches: 0 };
	});
	for (const { share } of members) group.waits(share, group.number());
	const turn = () => members.find(({ share }) => group.maySend(share))!;
	/** Whoever has the turn sends so much; says who it was. */
	const serve = (bytes = batch, messages = 1) => {
		const member = turn();
		group.started(member.share, bytes, messages);
		member.bytes += bytes;
		member.messages += messages;
		member.batches += 1;
		return member.name;
	};
	const serveTimes = (times: number) => Array.from({ length: times }, () => serve()).join('');
	return { group, members, shares: members.map(({ share }) => share), turn, serve, serveTimes };
}

describe('who goes next', () => {
	test('first come, first served: messages in the order of sending, whoever sends them', () => {
		const { group: scheduler, shares, turn } = group('first-come-first-served', [100, 0, 50]);
		const waiting = [
			[1, 6, 7],
			[2, 3, 9],
			[4, 5, 8],
		];
		for (const [index, share] of shares.entries()) scheduler.waits(share, waiting[index]![0]!);
		const order: number[] = [];
		while (turn()) {
			const index = shares.indexOf(turn().share);
			order.push(waiting[index]!.shift()!);
			scheduler.started(shares[index]!, batch, 1);
			const [head] = waiting[index]!;
			if (head === undefined) scheduler.rests(shares[index]!);
			else scheduler.waits(shares[index]!, head);
		}
		assert.deepEqual(order, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
	});

	test('round robin: equally many messages, so that a batch of many waits for the others to catch up', () => {
		const { serve } = group('round-robin', [100, 0, 50]);
		assert.equal(serve(10, 3), 'A');
		const next = Array.from({ length: 7 }, () => serve(batch, 1)).join('');
		assert.equal(next, 'BCBCBCA');
	});

	test('round robin per packet: a batch each, however large', () => {
		const { serve } = group('round-robin-per-packet', [100, 0, 50]);
		assert.equal(
			Array.from({ length: 9 }, (_, index) => serve(1 + index * 999, 1 + (index % 4))).join(''),
			'ABCABCABC',
		);
	});

	test('priority: the lowest connPriority as long as it has messages, equals in turn', () => {
		const { group: scheduler, shares, serveTimes } = group('priority-based', [100, 7, 7, 0]);
		assert.equal(serveTimes(5), 'DDDDD');
		scheduler.rests(shares[3]!);
		assert.equal(serveTimes(5), 'BCBCB');
		scheduler.waits(shares[3]!, scheduler.number());
		assert.equal(serveTimes(2), 'DD');
		for (const share of shares.slice(1)) scheduler.rests(share);
		assert.equal(serveTimes(2), 'AA');
	});

	test('fair capacity: equally many bytes', () => {
		const { members, serve, turn } = group('fair-capacity', [100, 0]);
		for (let count = 0; count < 1_000; count += 1) serve(turn().name === 'A' ? 1_000 : 9_000);
		assert.ok(Math.abs(members[0]!.bytes - members[1]!.bytes) <= 9_000);
	});

	test('weighted fair queueing: bytes by weight, which is inversely proportional to connPriority + 1', () => {
		const { members, serveTimes } = group('weighted-fair-queueing', [0, 1, 3, 100]);
		serveTimes(100 * 101 * 4);
		const [a, b, c, d] = members.map(({ batches }) => batches);
		for (const off of [a! - b! * 2, a! - c! * 4, a! - d! * 101]) assert.ok(Math.abs(off) <= 202, `${off} batches`);
	});

	test('weighted fair queueing: of those who begin together the lowest connPriority is first', () => {
		for (const earlier of ['', 'A', 'C', 'AB']) {
			const { group: scheduler, shares, members, serve, turn } = group('weighted-fair-queueing', [2, 1, 0]);
			for (const share of shares) scheduler.rests(share);
			for (const { share } of members.filter(({ name }) => earlier.includes(name))) {
				scheduler.waits(share, scheduler.number());
				serve();
				scheduler.rests(share);
			}
			for (const share of shares) scheduler.waits(share, scheduler.number());
			assert.equal(turn().name, 'C', earlier);
		}
	});

	test('from some connPriority on all weigh the same, and counting stays exact', () => {
		const { members, serve } = group('weighted-fair-queueing', [leastWeight, Number.MAX_SAFE_INTEGER]);
		for (let count = 0; count < 10_001; count += 1) serve(2 ** 30);
		assert.deepEqual(members.map(({ batches }) => batches).sort(), [5_000, 5_001]);
	});
});

test('counting stays exact however much was sent', () => {
	const { group: scheduler, shares, members, serve, turn } = group('weighted-fair-queueing', [leastWeight, 0]);
	scheduler.rests(shares[1]!);
	for (let count = 0; count < 100; count += 1) serve(2 ** 36);
	scheduler.prioritize(shares[0]!, 0);
	serve(1);
	scheduler.waits(shares[1]!, scheduler.number());
	const before = members[0]!.bytes;
	for (let count = 0; count < 1_000; count += 1) serve(turn().name === 'A' ? 1 : 9);
	assert.ok(Math.abs(members[0]!.bytes - before - members[1]!.bytes) <= 9);
});

describe('shares', () => {
	const priorities = fc.array(fc.nat(200), { minLength: 2, maxLength: 6 });
	const batches = fc.array(fc.integer({ min: 1, max: batch }), { minLength: 50, maxLength: 300, size: 'max' });

	/** What the member was given, in units of the scheduler, and its weight. */
	const measures: Partial<Record<Scheduler, (member: Member) => [given: number, weight: number, most: number]>> = {
		'round-robin': ({ messages }) => [messages, 1, 8],
		'round-robin-per-packet': ({ batches }) => [batches, 1, 1],
		'fair-capacity': ({ bytes }) => [bytes, 1, batch],
		'weighted-fair-queueing': ({ bytes, priority }) => [bytes, 1 / (priority + 1), batch],
	};

	for (const [name, measure] of Object.entries(measures)) {
		test(`${name}: nobody is ever more than one batch ahead of its share`, () => {
			fc.assert(
				fc.property(priorities, batches, (priorities, batches) => {
					const { members, serve } = group(name as Scheduler, priorities);
					for (const bytes of batches) {
						serve(bytes, 1 + (bytes % 8));
						const measured = members.map(measure);
						const weights = measured.reduce((sum, [, weight]) => sum + weight, 0);
						const total = measured.reduce((sum, [given]) => sum + given, 0);
						for (const [given, weight, most] of measured) {
							const ahead = given - (total * weight) / weights;
							assert.ok(ahead <= most + 1, `${ahead} ahead`);
							if (name !== 'weighted-fair-queueing') assert.ok(ahead >= -most - 1, `${-ahead} behind`);
						}
					}
				}),
			);
		});
	}

	test('two who always contend share by weight, whoever else comes, goes and is blocked', () => {
		const others = fc.array(fc.record({ other: fc.integer({ min: 2, max: 4 }), what: fc.nat(4) }), {
			maxLength: 300,
			size: 'max',
		});
		fc.assert(
			fc.property(fc.tuple(fc.nat(200), fc.nat(200)), batches, others, ([p, q], batches, others) => {
				const { group: scheduler, shares, members, serve } = group('weighted-fair-queueing', [p, q, 0, 50, 100]);
				for (const [index, bytes] of batches.entries()) {
					const { other, what } = others[index] ?? { other: 2, what: 4 };
					const share = shares[other]!;
					if (what === 0) scheduler.blocked(share);
					else if (what === 1) scheduler.welcome(share);
					else if (what === 2) scheduler.rests(share);
					else if (what === 3) scheduler.waits(share, scheduler.number());
					serve(bytes);
					const [a, b] = members.map(({ bytes, priority }) => bytes * (priority + 1));
					assert.ok(Math.abs(a! - b!) <= (batch + 1) * (p + q + 2));
				}
			}),
		);
	});
});

describe('nobody waits for ever', () => {
	for (const name of starvationFree) {
		test(`${name}: carriers made for one message each cannot hold up the rest`, () => {
			const { group: scheduler, members, serve } = group(name, [100]);
			serve();
			for (let count = 0; count < 10_000; count += 1) {
				const share = scheduler.join(0, () => {});
				scheduler.waits(share, scheduler.number());
				while (!scheduler.maySend(share)) serve();
				scheduler.started(share, batch, 1);
				scheduler.leave(share);
			}
			const fair = name === 'weighted-fair-queueing' ? 10_000 / 101 : 10_000;
			assert.ok(members[0]!.batches >= fair - 1, `${members[0]!.batches} batches`);
		});

		test(`${name}: a member that comes and goes gains nothing`, () => {
			const { group: scheduler, members, shares, turn, serve } = group(name, [9, 9]);
			for (let count = 0; count < 1_000; count += 1) {
				if (turn().name === 'A') {
					serve();
					scheduler.rests(shares[0]!);
					scheduler.waits(shares[0]!, scheduler.number());
				} else serve();
			}
			assert.ok(Math.abs(members[0]!.batches - members[1]!.batches) <= 1);
		});
	}

	for (const name of schedulers) {
		test(`${name}: who is blocked holds up nobody, and has its turn when it is welcome again`, () => {
			const told: string[] = [];
			const { group: scheduler, shares, turn, serve, serveTimes } = group(name, [0, 100], (who) => told.push(who));
			while (turn().name !== 'A') serve();
			told.length = 0;
			scheduler.blocked(shares[0]!);
			assert.deepEqual(told, ['B']);
			assert.equal(serveTimes(1_000), 'B'.repeat(1_000));
			scheduler.welcome(shares[0]!);
			assert.match(serveTimes(3), /A/);
			scheduler.leave(shares[0]!);
			assert.equal(serveTimes(2), 'BB');
		});
	}
});

describe('turns', () => {
	test('who is alone always has the turn, and is never told', () => {
		const { group: scheduler, shares, serveTimes } = group('weighted-fair-queueing', [100], () => assert.fail('told'));
		for (let count = 0; count < 100; count += 1) {
			assert.equal(serveTimes(3), 'AAA');
			scheduler.rests(shares[0]!);
			assert.equal(scheduler.maySend(shares[0]!), false);
			scheduler.waits(shares[0]!, scheduler.number());
		}
	});

	test('who keeps silent keeps its turn, until it sends or says why it does not', () => {
		const told: string[] = [];
		const { group: scheduler, shares, turn, serve } = group('priority-based', [1, 0, 2], (who) => told.push(who));
		serve();
		scheduler.waits(shares[0]!, scheduler.number());
		assert.deepEqual([turn().name, told], ['B', []]);
		scheduler.blocked(shares[1]!);
		assert.deepEqual([turn().name, told], ['A', ['A']]);
	});

	test('a hundred thousand turns from one to the other need no more of the stack than one', () => {
		const scheduler = new GroupScheduler('round-robin');
		const left = [100_000, 100_000];
		const inside = new Set<number>();
		const flush = (index: number) => {
			assert.ok(!inside.has(index), 'told from inside its own call');
			inside.add(index);
			while (left[index]! > 0 && scheduler.maySend(shares[index]!)) {
				left[index]! -= 1;
				scheduler.started(shares[index]!, 1, 1);
			}
			inside.delete(index);
			if (left[index] === 0) scheduler.rests(shares[index]!);
		};
		const shares = [0, 1].map((index) => scheduler.join(100, () => flush(index)));
		for (const share of shares) scheduler.waits(share, scheduler.number());
		flush(0);
		assert.deepEqual(left, [0, 0]);
	});

	test('who gets the turn by what it says itself is not told of it', () => {
		const told: string[] = [];
		const scheduler = new GroupScheduler('priority-based');
		const low = scheduler.join(9, () => told.push('low'));
		const middle = scheduler.join(5, () => {
			told.push('middle');
			scheduler.waits(high, scheduler.number());
		});
		const high = scheduler.join(1, () => told.push('high'));
		scheduler.waits(low, scheduler.number());
		scheduler.started(low, batch, 1);
		scheduler.waits(middle, scheduler.number());
		scheduler.blocked(middle);
		assert.deepEqual(told, ['low']);
		scheduler.blocked(low);
		scheduler.welcome(middle);
		scheduler.welcome(low);
		scheduler.prioritize(low, 2);
		scheduler.rests(low);
		assert.deepEqual([told, scheduler.maySend(high)], [['low', 'low', 'middle'], true]);
	});

	test('an error of one is not the end of the others', () => {
		const told: string[] = [];
		const scheduler = new GroupScheduler('round-robin');
		const [one, other, third] = ['one', 'other', 'third'].map((name) =>
			scheduler.join(100, () => {
				told.push(name);
				if (name === 'other') throw new Error('a bug');
			}),
		);
		for (const share of [one, other, third]) scheduler.waits(share!, scheduler.number());
		assert.throws(() => scheduler.rests(one!), /a bug/);
		scheduler.leave(other!);
		assert.deepEqual(told, ['other', 'third']);
	});

	test('another scheduler or connPriority changes whose turn it is, and says so', () => {
		const told: string[] = [];
		const { group: scheduler, shares, turn, serveTimes } = group('round-robin', [5, 4, 3], (who) => told.push(who));
		serveTimes(4);
		told.length = 0;
		scheduler.use('priority-based');
		assert.deepEqual([turn().name, told], ['C', ['C']]);
		scheduler.prioritize(shares[0]!, 2);
		assert.deepEqual([turn().name, told], ['A', ['C', 'A']]);
		scheduler.prioritize(shares[0]!, 9);
		assert.deepEqual([turn().name, told], ['C', ['C', 'A', 'C']]);
		scheduler.use('first-come-first-served');
		assert.deepEqual([turn().name, told], ['A', ['C', 'A', 'C', 'A']]);
	});
});
