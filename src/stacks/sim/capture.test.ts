import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concat } from '../../base/bytes.ts';
import * as pcapng from '../../wire/pcapng.ts';
import { network } from './network.ts';

test('a capture has the frames of the hosts it is of, with their times', async () => {
	await using net = network();
	net.switch('net', { latency: 5 });
	const [one, two] = [net.host('one'), net.host('two')];
	await one.ping(two.addresses[0]!);
	const pieces: Uint8Array[] = [];
	{
		using _capture = net.capture((bytes) => pieces.push(bytes), { at: one });
		assert.equal(await one.ping(two.addresses[0]!), 10);
	}
	await one.ping(two.addresses[0]!);
	const capture = pcapng.parse(concat(pieces));
	assert.ok(typeof capture !== 'string');
	assert.deepEqual(
		capture.interfaces.map(({ name }) => name),
		['one.eth0'],
	);
	assert.deepEqual(
		capture.packets.map(({ bytes }) => bytes.length),
		[42, 42],
	);
	assert.equal(capture.packets[1]!.time - capture.packets[0]!.time, 10_000_000n);
});

test('the trace says each packet in a line', async () => {
	const lines: string[] = [];
	await using net = network({ trace: (line) => lines.push(line) });
	const [one, two] = [net.host('one'), net.host('two')];
	await one.ping(two.addresses[0]!);
	assert.ok(lines.some((line) => / {7}0\.000 pass one>two icmp 10\.0\.0\.10 > 10\.0\.0\.11 42 bytes$/.test(line)));
	assert.equal(lines.length, net.trace.events);
});
