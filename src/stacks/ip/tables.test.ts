import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Prefix } from '../../base/prefix.ts';
import { virtualClock } from '../../base/virtual-clock.ts';
import { ip } from './lan-harness.ts';
import { defaultLimits } from './limits.ts';
import { nullLink } from './null-link.ts';
import { Outbox } from './outbox.ts';
import { PathMtus } from './path-mtus.ts';
import { Routes } from './routes.ts';
import { sipHash } from './sip-hash.ts';
import { TokenBucket } from './token-bucket.ts';

test('SipHash gives the values of its authors', () => {
	const key = Uint8Array.from({ length: 16 }, (_, index) => index);
	const input = (length: number) => Uint8Array.from({ length }, (_, index) => index);
	assert.equal(sipHash(key, input(15)), 0xa129ca6149be45e5n);
	assert.equal(sipHash(key, input(0)), 0x726fdb47dd0e0e31n);
	assert.equal(sipHash(key, input(8)), 0x93f5f5799a932462n);
});

test('a token bucket: some at once, then so many a second', () => {
	const bucket = new TokenBucket(10, 3);
	const takes = (now: number) => Array.from({ length: 5 }, () => bucket.take(now)).filter(Boolean).length;
	assert.deepEqual([takes(0), takes(99), takes(100), takes(300), takes(10_000)], [3, 0, 1, 2, 3]);
});

test('path MTUs only fall, to no less than every path takes, until they are forgotten', () => {
	const mtus = new PathMtus({ ...defaultLimits, pathMtus: 2 });
	const [four, six, third] = [ip('192.0.2.1'), ip('2001:db8::1'), ip('192.0.2.3')];
	assert.equal(mtus.lower(four, 1400, 1500, 0), true);
	assert.equal(mtus.lower(four, 1450, 1500, 0), false);
	assert.equal(mtus.lower(four, 1400, 1400, 0), false);
	assert.equal(mtus.get(four, 0), 1400);
	assert.equal(mtus.lower(four, 68, 1400, 0), true);
	assert.equal(mtus.get(four, 0), 576);
	assert.equal(mtus.lower(six, 100, 1500, 1000), true);
	assert.equal(mtus.get(six, 0), 1280);
	assert.equal(mtus.get(four, 600_000), undefined);
	assert.equal(mtus.get(six, 600_000), 1280);
	mtus.lower(four, 1000, 1500, 600_000);
	mtus.lower(third, 0, 1500, 600_000);
	assert.equal(mtus.get(six, 600_000), undefined, 'the oldest goes');
	assert.equal(mtus.get(third, 600_000), 1492, 'a plateau below what was too big');
	assert.equal([...mtus.list(600_000)].length, 2);
});

test('routes: the longest prefix, then the metric, then whether the router is there', () => {
	const routes = new Routes<string>(5);
	const any = () => true;
	const add = (to: string, nic: string, via: string | undefined, metric = 0) =>
		routes.add({
			prefix: Prefix.parse(to),
			nic,
			gateway: via === undefined ? undefined : ip(via),
			metric,
			origin: 'static',
		});
	add('0.0.0.0/0', 'a', '10.0.0.1', 10);
	add('0.0.0.0/0', 'b', '10.0.0.2', 5);
	add('10.0.0.0/8', 'a', undefined);
	add('10.1.0.0/16', 'b', '10.0.0.3');
	const find = (to: string, fits: (nic: string) => boolean = any, down = '') =>
		routes
			.match(
				ip(to),
				({ nic }) => fits(nic),
				({ gateway }) => String(gateway) !== down,
			)
			?.gateway?.toString() ?? 'link';
	assert.deepEqual([find('192.0.2.1'), find('10.2.0.1'), find('10.1.0.1')], ['10.0.0.2', 'link', '10.0.0.3']);
	assert.equal(find('192.0.2.1', any, '10.0.0.2'), '10.0.0.1');
	assert.equal(find('10.1.0.1', any, '10.0.0.3'), '10.0.0.3', 'the only one is taken, there or not');
	assert.equal(
		find('10.1.0.1', (nic) => nic === 'a'),
		'link',
		'a wider route of the right interface',
	);
	const { generation } = routes;
	assert.equal(add('0.0.0.0/0', 'a', '10.0.0.1', 1), true);
	assert.notEqual(routes.generation, generation);
	assert.equal(find('192.0.2.1'), '10.0.0.1');
	add('::/0', 'a', 'fe80::1');
	assert.equal(add('10.3.0.0/16', 'a', undefined), false, 'no room');
	routes.removeIf(({ nic }) => nic === 'a');
	assert.deepEqual(
		[...routes].map(({ prefix }) => prefix.toString()),
		['0.0.0.0/0', '10.1.0.0/16'],
	);
});

test('an outbox batches, waits for a link that is full, and says when too much waits', async () => {
	const clock = virtualClock({ auto: false });
	const batches: number[][] = [];
	let room = true;
	const link = {
		...nullLink('it', 1500),
		send(frames: readonly Uint8Array[]) {
			batches.push(frames.map((frame) => frame[0]!));
			return room;
		},
	};
	const outbox = new Outbox(link, clock, 200_000);
	const put = (byte: number, length = 1000) => {
		const frame = outbox.open(length);
		if (frame === undefined) return false;
		frame.fill(byte);
		outbox.add(frame, undefined);
		return true;
	};
	put(1);
	put(2);
	outbox.discard(outbox.open(1000)!);
	assert.deepEqual(batches, []);
	await clock.advance(0);
	assert.deepEqual(batches.splice(0), [[1, 2]]);
	room = false;
	put(3);
	await clock.advance(0);
	let taken = 0;
	while (put(4)) taken += 1;
	assert.equal(taken, 200);
	assert.equal(outbox.queued, 200_000);
	assert.deepEqual(batches.splice(0), [[3]]);
	room = true;
	outbox.drained();
	assert.deepEqual(batches.splice(0), [new Array(200).fill(4)]);
	assert.equal(outbox.queued, 0);
	for (let index = 0; index < 400; index += 1) put(index & 255);
	await clock.advance(0);
	assert.deepEqual(
		batches.flat(),
		Array.from({ length: 400 }, (_, index) => index & 255),
	);
	assert.ok(put(9, 300_000), 'one frame may be larger than the buffer');
});
