import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { seededRandom } from '../../../base/random.ts';
import { virtualClock } from '../../../base/virtual-clock.ts';
import { deaf, type Link } from '../../../stack/link.ts';
import { linkSuite } from '../../../testing/link-suite.ts';
import { ear, frameOf, numberOf, pause } from '../links-harness.ts';
import { type LinkPairOptions, linkPair } from '../pair.ts';
import { type Directions, type ImpairedLink, type ImpairOptions, impair } from './impair.ts';
import type { ImpairmentCounters } from './impairment.ts';
import type { Impairments } from './impairments.ts';

const kinds: Record<string, ImpairOptions> = {
	'an impaired link without impairments': {},
	'a late link': { sending: { latency: 3 }, receiving: { latency: { mean: 20, spread: 5, distribution: 'normal' } } },
};

for (const [name, options] of Object.entries(kinds)) {
	linkSuite(name, () => {
		const clock = virtualClock();
		const [a, b] = linkPair({ clock, capacity: 2 ** 24, offloads: { segmentation: 65_535 } });
		return { links: [impair(a, { clock, ...options }), b], open: () => clock.pending };
	});
}

/** An impaired end, the other end's ear, and its own. */
function ground(directions: Directions, pair: LinkPairOptions = {}, seed = 1) {
	const clock = virtualClock();
	const [inner, other] = linkPair({ clock, ...pair });
	const link = impair(inner, { clock, random: seededRandom(seed), ...directions });
	return {
		clock,
		link,
		other,
		there: ear(other, clock),
		back: ear(link, clock),
		wait: (time: number) => pause(clock, time),
	};
}

const frames = (count: number, length = 64) => Array.from({ length: count }, (_, number) => frameOf(number, length));

function balance({ received, duplicated, passed, lost, tooLong, overflowed, waiting }: ImpairmentCounters): number {
	return received + duplicated - passed - lost - tooLong - overflowed - waiting;
}

test('latency is exact, each direction by itself, and a batch stays one', async () => {
	const { link, other, there, back, wait } = ground({ sending: { latency: 10.5 } });
	link.send(frames(3));
	other.send(frames(2));
	await wait(20);
	assert.deepEqual(there.log, ['10.5 0,1,2']);
	assert.deepEqual(back.log, ['0 0,1']);
	assert.deepEqual([link.counters.sending.passed, link.counters.receiving.passed], [3, 2]);
});

test('what need not wait is handed on as it was lent', () => {
	const sent: Uint8Array[] = [];
	const [inner] = linkPair();
	const spy: Link = {
		...inner,
		name: 'spy',
		medium: 'ethernet',
		send: (list) => sent.push(...list) > 0,
		handler: deaf,
	};
	const link = impair(spy, { sending: { loss: 0 } });
	const list = frames(3);
	link.send(list);
	assert.ok(sent.length === 3 && sent.every((frame, index) => frame === list[index]));
});

test('jitter keeps the order, unless frames may overtake', async () => {
	for (const overtaking of [false, true]) {
		const { link, there, wait } = ground({ sending: { latency: { mean: 10, spread: 10, overtaking } } });
		for (const frame of frames(200)) {
			link.send([frame]);
			await wait(0.1);
		}
		await wait(100);
		const order = there.frames.map(numberOf);
		assert.equal(order.length, 200);
		assert.equal(
			order.every((number, index) => number === index),
			!overtaking,
		);
		const late = there.times.map((time, index) => time - order[index]! * 0.1);
		assert.ok(
			late.every((time) => time > -1e-6 && time < 20.000001),
			'within the spread',
		);
	}
});

test('a rate with a queue: exact times, and the tail is dropped', async () => {
	const { link, there, wait } = ground({ sending: { rate: { bitsPerSecond: 8_000_000, queueFrames: 4 }, latency: 1 } });
	assert.equal(link.send(frames(10, 1000)), true, 'nothing tells the sender');
	assert.deepEqual(link.counters.sending.waiting, 5);
	await wait(20);
	assert.deepEqual(there.log, ['2 0', '3 1', '4 2', '5 3', '6 4']);
	assert.equal(link.counters.sending.overflowed, 5);
});

test('a token bucket passes its burst at once, then its rate', async () => {
	const { link, there, wait } = ground({ sending: { rate: { bitsPerSecond: 8_000_000, burst: 3000 } } });
	await wait(1);
	link.send(frames(5, 1000));
	await wait(20);
	assert.deepEqual(there.log, ['1 0,1,2', '2 3', '3 4']);
});

test('a frame that is doubled comes twice, and each meets the rest by itself', async () => {
	const { link, there, wait } = ground({ sending: { duplication: 1 } });
	link.send(frames(2));
	await wait(1);
	assert.deepEqual(there.log, ['0 0,0,1,1']);
	link.change({ sending: { duplication: 1, loss: 0.5 } });
	for (let round = 0; round < 10; round += 1) link.send(frames(100));
	await wait(1);
	const { passed, lost, duplicated } = link.counters.sending;
	assert.equal(duplicated, 1002);
	assert.ok(passed > 900 && passed < 1100 && lost > 900 && lost < 1100, `${passed} passed`);
	assert.equal(balance(link.counters.sending), 0);
});

test('reordering as netem has it: every gap-th frame at the earliest needs no latency', async () => {
	const { link, there, wait } = ground({ sending: { latency: 10, reordering: { probability: 1, gap: 3 } } });
	link.send(frames(7));
	await wait(20);
	assert.deepEqual(there.log, ['0 2,5', '10 0,1,3,4,6']);
	assert.equal(link.counters.sending.reordered, 2);
});

test('corruption turns one bit, of a copy', async () => {
	const { link, there, wait } = ground({ sending: { corruption: 1 } });
	const sent = frames(50, 100);
	const before = sent.map((frame) => frame.slice());
	link.send(sent);
	await wait(1);
	assert.deepEqual(sent, before);
	const places = new Set<number>();
	for (const [index, frame] of there.frames.entries()) {
		const turned = Array.from(frame, (byte, at) => byte ^ before[index]![at]!);
		const changed = turned.filter((bits) => bits !== 0);
		assert.ok(changed.length === 1 && Number.isInteger(Math.log2(changed[0]!)));
		places.add(turned.findIndex((bits) => bits !== 0));
	}
	assert.equal(there.frames.length, 50);
	assert.ok(places.size > 20);
});

test('frames above the MTU vanish, and the link does not tell', async () => {
	const { link, there, wait } = ground({ sending: { mtu: 1000 } }, { offloads: { segmentation: 65_535 } });
	assert.equal(link.mtu, 1500);
	link.send(
		[frameOf(1, 1014), frameOf(2, 1015), frameOf(3, 3000), frameOf(4, 3000)],
		[undefined, undefined, { segmentSize: 961 }, { segmentSize: 960 }],
	);
	await wait(1);
	assert.deepEqual(there.log, ['0 1,4']);
	assert.deepEqual(there.infos, [undefined, { segmentSize: 960 }]);
	assert.equal(link.counters.sending.tooLong, 2);
});

test('impairments change while frames are under way', async () => {
	const { link, there, wait } = ground({ sending: { rate: 8000, latency: 5 } });
	link.send(frames(4, 1000));
	await wait(1500);
	link.change({ sending: { rate: 80_000, latency: 5 } });
	await wait(130);
	link.change({ sending: { latency: 50 } });
	link.change({ receiving: { loss: 1 } });
	await wait(1);
	link.change({ sending: {} });
	link.send([frameOf(9)]);
	await wait(100);
	assert.deepEqual(there.log, ['1005 0', '1555 1', '1680 2,3,9'], 'half of a frame took the tenth of the time');
	assert.deepEqual([link.counters.sending.waiting, balance(link.counters.sending)], [0, 0]);
});

test('a change of something else leaves the rate as it is', async () => {
	const { link, there, wait } = ground({ sending: { rate: { bitsPerSecond: 8000, burst: 500 } } });
	link.send(frames(3, 1000));
	for (let round = 0; round < 30; round += 1) {
		await wait(90);
		link.change({ sending: { rate: { bitsPerSecond: 8000, burst: 500 }, loss: round % 2 } });
	}
	assert.deepEqual(there.log, ['500 0', '1500 1', '2500 2']);
});

test('a rate that was taken away owes nothing when it comes back', async () => {
	const { link, there, wait } = ground({ sending: { rate: 8000 } });
	link.send(frames(3, 1000));
	await wait(10);
	link.change({ sending: {} });
	link.change({ sending: { rate: 8000 } });
	link.send([frameOf(9, 1000)]);
	await wait(2000);
	assert.deepEqual(there.log, ['10 0,1,2', '1010 9']);
});

test('time goes on where nanoseconds are no whole numbers any more', async () => {
	const clock = virtualClock({ start: 1e11 });
	const [inner, other] = linkPair({ clock });
	const { frames: arrived, times } = ear(other, clock);
	const sending = { rate: 3_333_333, latency: { mean: 3.3, spread: 0.7 } };
	const link = impair(inner, { clock, random: seededRandom(1), sending });
	for (let round = 0; round < 20; round += 1) {
		link.send(frames(10, 100));
		await pause(clock, 7.7);
	}
	await pause(clock, 100);
	assert.equal(arrived.length, 200);
	assert.ok(times.every((time, index) => index === 0 || time >= times[index - 1]!));
});

test('what does not fit the capacity is dropped', async () => {
	const clock = virtualClock();
	const [inner, other] = linkPair({ clock });
	const { log } = ear(other, clock);
	const link = impair(inner, { clock, capacity: 256, sending: { latency: 1 } });
	link.send(frames(10, 100));
	await pause(clock, 5);
	assert.deepEqual(log, ['1 0,1']);
	assert.equal(link.counters.sending.overflowed, 8);
});

test('a closed link drops what was under way', async () => {
	const { link, other, there, back, wait, clock } = ground({ sending: { latency: 5 }, receiving: { rate: 8000 } });
	link.send(frames(2));
	other.send(frames(2));
	await wait(1);
	link.close();
	await wait(50);
	assert.deepEqual([there.log, back.log], [['1 close closed'], ['1 close']]);
	for (const counters of [link.counters.sending, link.counters.receiving]) {
		assert.deepEqual([counters.lost, counters.waiting, balance(counters)], [2, 0, 0]);
	}
	assert.equal(clock.pending, 0);
	link.send(frames(1));
	link.change({ sending: {} });
});

test('the drain of the link below is told to who was refused', async () => {
	const { link, back, wait } = ground({}, { delay: 1, capacity: 2048, mtu: 1000 });
	assert.equal(link.send(frames(1, 1000)), true);
	assert.equal(link.send(frames(1, 1000)), false);
	await wait(5);
	link.change({ sending: { latency: 1 } });
	assert.equal(link.send(frames(4, 1000)), true, 'the refusal comes later, and unheard');
	await wait(5);
	assert.deepEqual(back.log, ['1 drain']);
});

test('corruption is refused where nobody would verify a checksum', () => {
	const [inner] = linkPair({ offloads: { receiveChecksum: true } });
	assert.throws(() => impair(inner, { sending: { corruption: 0.1 } }), { code: 'bad-argument' });
	const link = impair(inner);
	assert.throws(() => link.change({ receiving: { corruption: 0.1 } }), { code: 'bad-argument' });
});

test('what makes no sense is refused', () => {
	const senseless: Impairments[] = [
		{ mtu: -1 },
		{ loss: 1.1 },
		{ loss: { probability: 0.5, correlation: -1 } },
		{ loss: { toBad: 2, toGood: 0 } },
		{ duplication: Number.NaN },
		{ reordering: { probability: 0.5, gap: 0 } },
		{ rate: 0 },
		{ rate: { bitsPerSecond: 1.5 } },
		{ rate: { bitsPerSecond: 1, burst: -1 } },
		{ latency: -1 },
		{ latency: { mean: 1, spread: -1 } },
		{ latency: { mean: 1, correlation: 2 } },
	];
	for (const sending of senseless) {
		assert.throws(() => impair(linkPair()[0], { sending }), { code: 'bad-argument' }, JSON.stringify(sending));
	}
});

test('S-05 latency, jitter, rate and queue, both kinds of loss, doubling, reordering, corruption, MTU', async () => {
	const count = 4000;
	/** Sends a frame of 100 bytes a millisecond; the trace is what became of each. */
	async function trace(sending: Impairments) {
		const { link, there, wait } = ground({ sending });
		for (const frame of frames(count, 100)) {
			link.send([frame]);
			await wait(1);
		}
		await wait(10_000);
		const numbers = there.frames.map(numberOf);
		const delays = there.times.map((time, index) => time - numbers[index]!);
		const mean = delays.reduce((sum, delay) => sum + delay, 0) / delays.length;
		const deviation = Math.sqrt(delays.reduce((sum, delay) => sum + (delay - mean) ** 2, 0) / delays.length);
		const overtakings = numbers.filter((number, index) => index > 0 && number < numbers[index - 1]!).length;
		const gaps = numbers.filter((number, index) => index > 0 && number > numbers[index - 1]! + 1).length;
		return {
			share: numbers.length / count,
			mean,
			deviation,
			overtakings,
			gaps,
			delays,
			counters: link.counters.sending,
		};
	}
	const near = (value: number, expected: number, tolerance: number) =>
		assert.ok(Math.abs(value - expected) <= tolerance, `${value} rather than ${expected}`);

	const constant = await trace({ latency: 25 });
	near(constant.mean, 25, 1e-6);
	near(constant.deviation, 0, 1e-6);
	for (const [distribution, sigma] of [
		['uniform', 5 / Math.sqrt(3)],
		['normal', 5],
		['pareto', 5],
	] as const) {
		const jitter = await trace({ latency: { mean: 30, spread: 5, distribution, overtaking: true } });
		near(jitter.mean, 30, 0.4);
		near(jitter.deviation, sigma, 0.15 * sigma);
		assert.ok(jitter.overtakings > 100);
		const ordered = await trace({ latency: { mean: 30, spread: 5, distribution } });
		assert.equal(ordered.overtakings, 0);
	}

	const slow = await trace({ rate: { bitsPerSecond: 400_000, queueFrames: 10 } });
	near(slow.share, 0.5, 0.01);
	near(Math.max(...slow.delays), 21, 1.1);
	assert.equal(slow.counters.overflowed, count - slow.counters.passed);

	const independent = await trace({ loss: 0.1 });
	const bursts = await trace({ loss: { toBad: 0.02, toGood: 0.18 } });
	near(independent.share, 0.9, 0.02);
	near(bursts.share, 0.9, 0.03);
	assert.ok(bursts.gaps < independent.gaps / 3, 'the same loss in fewer, longer bursts');

	near((await trace({ duplication: 0.25 })).share, 1.25, 0.03);
	const reordered = await trace({ latency: 10, reordering: 0.25 });
	near(reordered.counters.reordered, 0.25 * count, 120);
	assert.ok(reordered.overtakings > 0.15 * count);
	near((await trace({ corruption: 0.25 })).counters.corrupted, 0.25 * count, 120);
	assert.equal((await trace({ mtu: 86 })).share, 1);
	assert.equal((await trace({ mtu: 85 })).share, 0);
});

const probability = fc.constantFrom(0, 0.1, 0.5, 1);
const chance = fc.oneof(probability, fc.record({ probability, correlation: probability }));
const impairments: fc.Arbitrary<Impairments> = fc.record(
	{
		mtu: fc.constantFrom(20, 60),
		duplication: chance,
		loss: fc.oneof(chance, fc.record({ toBad: probability, toGood: probability, lossInGood: probability })),
		corruption: chance,
		rate: fc.oneof(
			fc.integer({ min: 1000, max: 10 ** 9 }),
			fc.record({
				bitsPerSecond: fc.integer({ min: 10_000, max: 10 ** 7 }),
				burst: fc.nat(500),
				queueBytes: fc.nat(500),
				queueFrames: fc.nat(5),
				overhead: fc.nat(24),
			}),
		),
		reordering: fc.oneof(chance, fc.record({ probability, gap: fc.integer({ min: 1, max: 4 }) })),
		latency: fc.oneof(
			fc.nat(20),
			fc.record({
				mean: fc.nat(20),
				spread: fc.nat(20),
				distribution: fc.constantFrom('uniform' as const, 'normal' as const, 'pareto' as const),
				correlation: probability,
				overtaking: fc.boolean(),
			}),
		),
	},
	{ requiredKeys: [] },
);

const script = fc.array(
	fc.oneof(
		fc.record({
			type: fc.constant('send' as const),
			link: fc.boolean(),
			count: fc.nat(5),
			length: fc.integer({ min: 18, max: 80 }),
		}),
		fc.record({ type: fc.constant('wait' as const), milliseconds: fc.nat(5) }),
		fc.record({ type: fc.constant('change' as const), sending: impairments, receiving: impairments }),
	),
	{ maxLength: 25 },
);

async function play(
	steps: typeof script extends fc.Arbitrary<infer T> ? T : never,
	directions: Directions,
	seed: number,
) {
	const { link, other, there, back, wait, clock } = ground(directions, {}, seed);
	const balances: number[] = [];
	for (const [index, step] of steps.entries()) {
		if (step.type === 'wait') await wait(step.milliseconds);
		else if (step.type === 'change') link.change(step);
		else (step.link ? link : other).send(Array.from({ length: step.count }, () => frameOf(index, step.length)));
		balances.push(...balancesOf(link));
	}
	await wait(1e9);
	balances.push(...balancesOf(link));
	return { balances, counters: link.counters, there: heard(there), back: heard(back), pending: clock.pending };
}

function balancesOf({ counters }: ImpairedLink): number[] {
	return [balance(counters.sending), balance(counters.receiving)];
}

function heard({ frames, times }: ReturnType<typeof ear>) {
	return { frames: frames.map((frame) => frame.join()), times };
}

test('equal seeds give equal traces, to the bit and the moment; every frame is passed, dropped or waiting', async () => {
	await fc.assert(
		fc.asyncProperty(script, impairments, impairments, fc.nat(), async (steps, sending, receiving, seed) => {
			const first = await play(steps, { sending, receiving }, seed);
			assert.deepEqual(await play(steps, { sending, receiving }, seed), first);
			assert.ok(first.balances.every((amount) => amount === 0));
			const { counters, there, back } = first;
			assert.deepEqual([counters.sending.waiting, counters.receiving.waiting, first.pending], [0, 0, 0]);
			assert.deepEqual([counters.sending.passed, counters.receiving.passed], [there.frames.length, back.frames.length]);
		}),
		{ numRuns: 60 },
	);
});
