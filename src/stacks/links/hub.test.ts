import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { seededRandom } from '../../base/random.ts';
import { virtualClock } from '../../base/virtual-clock.ts';
import type { Link } from '../../stack/link.ts';
import { linkSuite } from '../../testing/link-suite.ts';
import { type HubOptions, hub } from './hub.ts';
import { type Ear, ear, frameOf, numberOf, pause } from './links-harness.ts';
import { linkPair } from './pair.ts';

const behind = 'the wire’s queue is behind the link, which has room all the time';

linkSuite(
	'links of a hub',
	() => {
		const clock = virtualClock();
		const { network, links } = ground(3, { queueFrames: 1000 }, clock);
		return { links: [links[0]!, links[1]!], close: () => network.close(), open: () => clock.pending };
	},
	{
		skip: {
			'there: who waits for drains loses nothing for want of room': behind,
			'back: who waits for drains loses nothing for want of room': behind,
		},
	},
);

function ground(count: number, options: HubOptions = {}, clock = virtualClock()) {
	const network = hub({ clock, random: seededRandom(1), ...options });
	const links: Link[] = [];
	const ears: Ear[] = [];
	for (let station = 1; station <= count; station += 1) {
		const [host, port] = linkPair({ clock, name: `host${station}` });
		network.attach(port);
		links.push(host);
		ears.push(ear(host, clock));
	}
	return { clock, network, links, ears };
}

/** Milliseconds of so many bit times at 10 Mbit/s. */
const bits = (count: number) => count / 10_000;

test('a frame takes its bits, the gap and the way, and everybody else hears it', async () => {
	const { clock, links, ears, network } = ground(3);
	links[0]!.send([frameOf(1, 1514), frameOf(2, 60), frameOf(3, 18)]);
	await pause(clock, 10);
	const long = 64 + 8 * 1518;
	const short = 64 + 512;
	const ends = [long, long + 96 + short, long + 2 * (96 + short)];
	assert.deepEqual(
		ears[1]!.times,
		ends.map((end) => bits(end + 50)),
	);
	assert.deepEqual(ears[2]!.times, ears[1]!.times);
	assert.deepEqual(ears[0]!.frames, []);
	assert.deepEqual(network.counters, {
		received: 3,
		sent: 3,
		overflowed: 0,
		givenUp: 0,
		lost: 0,
		waiting: 0,
		collisions: 0,
	});
});

test('two that begin within the reach collide, and both come through later', async () => {
	for (const [apart, collisions] of [
		[0, true],
		[49, true],
		[51, false],
	] as const) {
		const { clock, links, ears, network } = ground(3, { reach: 50 });
		links[0]!.send([frameOf(1)]);
		await pause(clock, bits(apart));
		links[1]!.send([frameOf(2)]);
		await pause(clock, 20);
		assert.equal(network.counters.collisions > 0, collisions, `${apart} bit times apart`);
		assert.deepEqual(ears[2]!.frames.map(numberOf).sort(), [1, 2]);
	}
});

test('a full queue drops, and what came before it is sent', async () => {
	const { clock, links, ears, network } = ground(2, { queueFrames: 5 });
	links[0]!.send(Array.from({ length: 10 }, (_, number) => frameOf(number)));
	await pause(clock, 10);
	assert.deepEqual(ears[1]!.frames.map(numberOf), [0, 1, 2, 3, 4, 5]);
	assert.equal(network.counters.overflowed, 4);
});

test('stations that always have something to send share the wire well, in long turns: the capture effect', async () => {
	const { clock, links, ears, network } = ground(3, { queueFrames: 10_000 });
	const each = 2000;
	for (const station of [0, 1]) {
		links[station]!.send(Array.from({ length: each }, (_, number) => frameOf(station * each + number, 1514)));
	}
	await pause(clock, 2400);
	const order = ears[2]!.frames.map((frame) => (numberOf(frame) < each ? 0 : 1));
	const ideal = 2400 / bits(64 + 8 * 1518 + 96);
	assert.ok(order.length > 0.85 * ideal, `${order.length} of ${ideal}`);
	const again = order.filter((station, index) => index > 0 && station === order[index - 1]).length / order.length;
	assert.ok(again > 0.75, `${again} of the frames follow one of the same station; without capture it were a half`);
	const { received, sent, overflowed, givenUp, waiting } = network.counters;
	assert.equal(received, sent + overflowed + givenUp + waiting);
});

test('a station that leaves while it sends spoils its frame and frees the wire', async () => {
	const { clock, links, ears, network } = ground(3);
	links[0]!.send([frameOf(1, 1514), frameOf(2, 1514)]);
	await pause(clock, bits(1000));
	links[0]!.close();
	links[1]!.send([frameOf(3)]);
	await pause(clock, 10);
	assert.deepEqual(ears[2]!.frames.map(numberOf), [3]);
	assert.deepEqual(network.counters, {
		received: 3,
		sent: 1,
		overflowed: 0,
		givenUp: 0,
		lost: 2,
		waiting: 0,
		collisions: 0,
	});
});

test('a station that joins while others send waits for the wire', async () => {
	const { clock, links, ears, network } = ground(2);
	links[0]!.send([frameOf(1, 1514)]);
	await pause(clock, bits(1000));
	const [host, port] = linkPair({ clock, name: 'late' });
	network.attach(port);
	host.send([frameOf(2)]);
	await pause(clock, 10);
	assert.deepEqual(ears[1]!.frames.map(numberOf), [1, 2]);
	assert.equal(network.counters.collisions, 0);
});

test('the same seed gives the same trace, and every frame is somewhere', async () => {
	const sends = fc.array(
		fc.record({
			station: fc.nat(3),
			after: fc.nat({ max: 3000 }),
			count: fc.integer({ min: 1, max: 4 }),
			length: fc.integer({ min: 1, max: 200 }),
		}),
		{ maxLength: 15 },
	);
	async function run(script: { station: number; after: number; count: number; length: number }[], seed: number) {
		const { clock, network, links, ears } = ground(4, { random: seededRandom(seed), queueFrames: 3 });
		const balances: number[] = [];
		for (const [index, { station, after, count, length }] of script.entries()) {
			await pause(clock, bits(after));
			links[station]!.send(Array.from({ length: count }, () => frameOf(index, 18 + length)));
			const { received, sent, overflowed, givenUp, lost, waiting } = network.counters;
			balances.push(received - sent - overflowed - givenUp - lost - waiting);
		}
		await pause(clock, 100);
		const heard = ears.reduce((sum, { frames }) => sum + frames.length, 0);
		network.close();
		await pause(clock, 1);
		return { trace: ears.map(({ log }) => log), heard, balances, counters: network.counters, pending: clock.pending };
	}
	await fc.assert(
		fc.asyncProperty(sends, fc.nat(), async (script, seed) => {
			const first = await run(script, seed);
			assert.deepEqual(await run(script, seed), first);
			assert.ok(first.balances.every((balance) => balance === 0));
			assert.deepEqual([first.counters.waiting, first.pending], [0, 0]);
			assert.equal(first.heard, 3 * first.counters.sent);
		}),
		{ numRuns: 30 },
	);
});

test('what makes no sense is refused', () => {
	for (const options of [{ reach: 0 }, { reach: 241 }, { reach: 1.5 }, { queueFrames: 0 }]) {
		assert.throws(() => hub(options), { code: 'bad-argument' });
	}
	const network = hub();
	assert.throws(() => network.attach(linkPair({ medium: 'ip' })[0]), { code: 'bad-argument' });
	network.close();
	assert.throws(() => network.attach(linkPair()[0]), { code: 'bad-argument' });
});
