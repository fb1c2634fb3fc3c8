import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { defaultLimits } from './limits.ts';
import { type FragmentEvent, Reassembly, type ReassemblySink } from './reassembly.ts';

const header = Uint8Array.of(0x45, 1, 2);

function place(limits = {}) {
	const machine = new Reassembly<string>({ ...defaultLimits, ...limits });
	const log: string[] = [];
	const sink: ReassemblySink<string> = {
		whole: (head, payload, ecn, context) => log.push(`${context} whole ${head} ${payload.join('')} ecn ${ecn}`),
		timedOut: (start, context) => log.push(`${context} timed out ${start?.join('') ?? '-'}`),
		lost: (reason) => log.push(reason),
	};
	/** Bytes `from` to `to` of a datagram whose byte n is n % 10. */
	function take(from: number, to: number, more: boolean, rest: Partial<FragmentEvent<string>> & { at?: number } = {}) {
		const payload = Uint8Array.from({ length: to - from }, (_, index) => (from + index) % 10);
		const { at = 0, ...event } = rest;
		machine.step(
			{ type: 'fragment', key: 'k', offset: from, more, payload, header, most: 65_515, ecn: 0, context: 'c', ...event },
			at,
			sink,
		);
	}
	return { machine, log, sink, take };
}

const whole = 'c whole 69,1,2 012345678901234567890123 ecn 0';

test('fragments in order, in reverse, and more than once', () => {
	const { take, log, machine } = place();
	take(0, 8, true);
	take(8, 16, true);
	take(16, 24, false);
	take(16, 24, false, { key: 'other' });
	take(8, 16, true, { key: 'other' });
	take(8, 16, true, { key: 'other' });
	take(0, 8, true, { key: 'other' });
	assert.deepEqual(log, [whole, whole]);
	assert.deepEqual(machine.held, { bytes: 0, datagrams: 0 });
	assert.equal(machine.deadline, Number.POSITIVE_INFINITY);
});

test('whatever overlaps is dropped whole, and so is what still comes of it', () => {
	for (const [from, to, more] of [
		[8, 24, true],
		[4, 12, true],
		[0, 16, true],
		[0, 4, true],
		[8, 9, false],
		[4, 8, false],
	] as const) {
		const { take, log, machine } = place();
		take(0, 8, true);
		take(16, 24, false);
		take(from, to, more);
		assert.deepEqual(log, ['overlap'], `${from} to ${to}`);
		take(8, 16, true);
		take(0, 8, true);
		assert.equal(log.length, 1);
		assert.equal(machine.held.bytes, 0);
		machine.step({ type: 'wake' }, 60_000, { ...emptySink, timedOut: () => log.push('told') });
		assert.equal(log.length, 1, 'nobody is told of what was refused');
		assert.equal(machine.held.datagrams, 0);
	}
});

test('the same place with other bytes is an overlap too', () => {
	const { take, log } = place();
	take(0, 8, true);
	take(0, 8, true, { payload: new Uint8Array(8).fill(9) });
	assert.deepEqual(log, ['overlap']);
});

test('an end that contradicts another, or what lies behind it', () => {
	for (const [first, second] of [
		[
			{ from: 16, to: 24, more: false },
			{ from: 24, to: 32, more: false },
		],
		[
			{ from: 16, to: 24, more: true },
			{ from: 8, to: 16, more: false },
		],
		[
			{ from: 8, to: 16, more: false },
			{ from: 16, to: 24, more: true },
		],
	] as const) {
		const { take, log } = place();
		take(first.from, first.to, first.more);
		take(second.from, second.to, second.more);
		assert.equal(log.length, 1);
		assert.match(log[0]!, /overlap|too-long/);
	}
});

test('longer than a datagram can be: the ping of death', () => {
	const { take, log, machine } = place();
	take(65_512, 65_528, false);
	assert.deepEqual(log, ['too-long']);
	assert.equal(machine.held.bytes, 0);
});

test('what is not whole in time is told, with its first fragment if that came', () => {
	const { take, log, machine, sink } = place();
	take(0, 8, true);
	take(8, 16, true, { key: 'other', at: 10, context: 'd' });
	assert.equal(machine.deadline, 60_000);
	machine.step({ type: 'wake' }, 60_000, sink);
	assert.deepEqual(log, ['c timed out 691201234567']);
	machine.step({ type: 'wake' }, 60_010, sink);
	assert.deepEqual(log.slice(1), ['d timed out -']);
	assert.deepEqual(machine.held, { bytes: 0, datagrams: 0 });
});

test('congestion is remembered, and contradictions are dropped', () => {
	const { take, log } = place();
	take(0, 8, true, { ecn: 2 });
	take(8, 16, false, { ecn: 3 });
	take(0, 8, true, { key: 'b', ecn: 0 });
	take(8, 16, false, { key: 'b', ecn: 3 });
	take(0, 8, true, { key: 'c', ecn: 1 });
	take(8, 16, false, { key: 'c', ecn: 2 });
	assert.deepEqual(
		log.map((line) => line.split(' ').at(-1)),
		['3', 'ecn', '1'],
	);
});

test('numbers, bytes and fragments are bounded; the oldest datagram goes', () => {
	const { take, machine } = place({ reassemblies: 10, reassemblyBytes: 1000, fragments: 4 });
	for (let index = 0; index < 100; index += 1) take(8, 16, true, { key: `${index}` });
	assert.deepEqual(machine.held, { bytes: 80, datagrams: 10 });
	for (let index = 0; index < 100; index += 1) take(8, 408, true, { key: `big ${index}` });
	assert.ok(machine.held.bytes <= 1000);
	const many = place({ fragments: 4 });
	for (let index = 0; index < 5; index += 1) many.take(16 * index, 16 * index + 8, true);
	assert.deepEqual(many.log, ['too-many']);
});

test('any cut in any order gives the datagram, and any fragments at all keep the bounds', () => {
	fc.assert(
		fc.property(
			fc.uniqueArray(fc.integer({ min: 1, max: 40 }), { maxLength: 12 }),
			fc.infiniteStream(fc.nat()),
			(cuts, picks) => {
				const { take, log } = place();
				const edges = [0, ...cuts.map((cut) => 8 * cut).sort((a, b) => a - b), 400];
				const pieces = edges.slice(1).map((edge, index) => [edges[index]!, edge, edge < 400] as const);
				while (pieces.length > 0) take(...pieces.splice(picks.next().value! % pieces.length, 1)[0]!);
				assert.equal(log.length, 1);
				assert.equal(log[0]!.split(' ')[3], '0123456789'.repeat(40));
			},
		),
	);
	const fragment = fc.record({
		key: fc.constantFrom('a', 'b', 'c', 'd'),
		offset: fc.nat(8191).map((eights) => 8 * eights),
		more: fc.boolean(),
		payload: fc.uint8Array({ maxLength: 64 }),
		ecn: fc.nat(3),
		at: fc.nat(200_000),
	});
	fc.assert(
		fc.property(fc.array(fragment, { maxLength: 100 }), (events) => {
			const { take, machine } = place({ reassemblies: 3, reassemblyBytes: 300, fragments: 5 });
			let now = 0;
			for (const { at, ...event } of events) {
				now = Math.max(now, at);
				take(0, 0, true, { ...event, at: now });
				assert.ok(machine.held.bytes <= 300 && machine.held.datagrams <= 3 && machine.held.bytes >= 0);
			}
			machine.step({ type: 'wake' }, now + 60_000, emptySink);
			assert.deepEqual(machine.held, { bytes: 0, datagrams: 0 });
		}),
	);
});

const emptySink: ReassemblySink<string> = { whole() {}, timedOut() {}, lost() {} };
