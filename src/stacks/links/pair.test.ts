import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clock } from '../../base/clock.ts';
import { MacAddress } from '../../base/mac-address.ts';
import { virtualClock } from '../../base/virtual-clock.ts';
import { linkSuite } from '../../testing/link-suite.ts';
import { ear, frameOf, pause } from './links-harness.ts';
import { type LinkPairOptions, linkPair } from './pair.ts';

const kinds: Record<string, LinkPairOptions> = {
	'a pair': {},
	'a pair of bare packets': { medium: 'ip', mtu: 65_535 },
	'a pair with a delay and little room': { delay: 5, capacity: 40_000 },
	'a pair with offloads': { offloads: { sendChecksum: true, receiveChecksum: true, segmentation: 65_535 } },
};

for (const [name, options] of Object.entries(kinds)) {
	linkSuite(name, () => {
		const clock = virtualClock();
		return { links: linkPair({ clock, ...options }), open: () => clock.pending };
	});
}

test('what is sent in one turn arrives as one batch, after exactly the delay', async () => {
	const clock = virtualClock();
	const [a, b] = linkPair({ clock, delay: 12.5 });
	const { log } = ear(b, clock);
	a.send([frameOf(1), frameOf(2)]);
	a.send([frameOf(3)]);
	await pause(clock, 1);
	a.send([frameOf(4)]);
	await pause(clock, 20);
	assert.deepEqual(log, ['12.5 1,2,3', '13.5 4']);
	assert.equal(clock.pending, 0);
});

test('what finds no room is dropped, and the sender hears when there is some', async () => {
	const clock = virtualClock();
	const [a, b] = linkPair({ clock, delay: 10, mtu: 100, capacity: 1024 });
	const { log } = ear(b, clock);
	ear(a, clock, log);
	const frames = Array.from({ length: 10 }, (_, index) => frameOf(index, 100));
	assert.equal(a.send(frames.slice(0, 7)), true);
	assert.equal(a.send(frames.slice(7, 8)), false, 'there would be no room for one more of the largest frames');
	assert.equal(a.send(frames.slice(8)), false);
	await pause(clock, 50);
	assert.deepEqual(log, ['10 0,1,2,3,4,5,6,7', '10 drain']);
	assert.equal(a.send(frames), false);
	assert.equal(a.send([]), false);
});

test('closing an end closes the other behind what is under way', async () => {
	const clock = virtualClock();
	const [a, b] = linkPair({ clock, delay: 10 });
	const { log } = ear(b, clock);
	ear(a, clock, log);
	a.send([frameOf(1)]);
	b.send([frameOf(2)]);
	a.close();
	assert.deepEqual([a.up, b.up], [false, true]);
	await pause(clock, 50);
	assert.deepEqual(log, ['0 close', '10 1', '10 close closed']);
	assert.equal(b.up, false);
	assert.equal(clock.pending, 0);
});

test('a handler that throws costs its batch, not the link', async () => {
	const thrown: unknown[] = [];
	const clock = virtualClock();
	const catching: Clock = {
		...clock,
		soon(run) {
			clock.soon(() => {
				try {
					run();
				} catch (error) {
					thrown.push(error);
				}
			});
		},
	};
	const [a, b] = linkPair({ clock: catching, mtu: 100, capacity: 256 });
	const { log } = ear(a, clock);
	b.handler = { ...b.handler, onFrames: () => assert.fail('on purpose') };
	assert.equal(a.send([frameOf(1, 100), frameOf(2, 100)]), false);
	await pause(clock, 1);
	assert.equal(thrown.length, 1);
	ear(b, clock, log);
	a.send([frameOf(3)]);
	await pause(clock, 1);
	assert.deepEqual(log, ['0 drain', '1 3']);
});

test('ends have addresses of their own, from the name or as given', () => {
	const pairs = ['one', 'two'].map((name) => linkPair({ name }));
	const texts = pairs.flat().map(({ address }) => address!.toString());
	assert.equal(new Set(texts).size, 4);
	for (const { address } of pairs.flat()) assert.deepEqual([address?.isLocal, address?.isMulticast], [true, false]);
	assert.deepEqual(linkPair({ name: 'one' })[0].address, pairs[0]![0].address);
	const addresses = [MacAddress.parse('02:00:00:00:00:01'), MacAddress.parse('02:00:00:00:00:02')] as const;
	assert.deepEqual(
		linkPair({ addresses }).map(({ address }) => address),
		addresses,
	);
	assert.equal(linkPair({ medium: 'ip' })[0].address, undefined);
});

test('what makes no sense is refused', () => {
	for (const options of [{ mtu: 60 }, { delay: -1 }, { delay: Number.NaN }, { capacity: 100 }]) {
		assert.throws(() => linkPair(options), { code: 'bad-argument' });
	}
});
