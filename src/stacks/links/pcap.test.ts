import assert from 'node:assert/strict';
import { test } from 'node:test';
import { virtualClock } from '../../base/virtual-clock.ts';
import { linkSuite } from '../../testing/link-suite.ts';
import { type Capture, linkType } from '../../wire/capture.ts';
import * as pcapFormat from '../../wire/pcap.ts';
import * as pcapngFormat from '../../wire/pcapng.ts';
import { ear, frameOf, numberOf, pause } from './links-harness.ts';
import { linkPair } from './pair.ts';
import { pcap, pcapng } from './pcap.ts';

linkSuite('a captured link', () => {
	const clock = virtualClock();
	const [a, b] = linkPair({ clock, offloads: { segmentation: 65_535 } });
	return { links: [pcap(a, () => {}, { clock }), b], open: () => clock.pending };
});

/** A file that is written piece by piece. */
function file() {
	const pieces: Uint8Array[] = [];
	return { write: (bytes: Uint8Array) => void pieces.push(bytes), bytes: () => new Uint8Array(Buffer.concat(pieces)) };
}

function summary({ packets, interfaces, flaw }: Capture) {
	assert.equal(flaw, undefined);
	return packets.map((packet) => `${packet.time} ${interfaces[packet.interface]!.name} ${numberOf(packet.bytes)}`);
}

test('a pcap file has what is sent and received, with the time of the clock', async () => {
	const clock = virtualClock({ start: 5 });
	const { write, bytes } = file();
	const [inner, other] = linkPair({ clock, delay: 2.000001 });
	const link = pcap(inner, write, { clock, origin: new Date(1000), snapLength: 60 });
	const { log } = ear(link, clock);
	link.send([frameOf(1), frameOf(2)]);
	other.send([frameOf(3, 60)]);
	await pause(clock, 10);
	const capture = pcapFormat.parse(bytes());
	assert.ok(typeof capture !== 'string');
	assert.deepEqual(summary(capture), ['1005000000  1', '1005000000  2', '1007000001  3']);
	assert.deepEqual(
		capture.packets.map((packet) => [packet.bytes.length, packet.originalLength]),
		[
			[60, 64],
			[60, 64],
			[60, 60],
		],
	);
	assert.deepEqual(capture.interfaces, [{ linkType: linkType.ethernet, snapLength: 60, name: '' }]);
	assert.deepEqual(log, ['7.000001 3']);
});

test('a pcapng file has an interface for each link, also for one that comes later', async () => {
	const clock = virtualClock();
	const { write, bytes } = file();
	const capture = pcapng(write, { clock });
	const [a, b] = linkPair({ clock, name: 'one', delay: 1 });
	const [tappedA, tappedB] = [capture.tap(a), capture.tap(b)];
	tappedA.send([frameOf(1)]);
	await pause(clock, 2);
	const third = capture.tap(linkPair({ clock, name: 'two', medium: 'ip' })[0]);
	third.send([frameOf(2)]);
	tappedB.send([]);
	const read = pcapngFormat.parse(bytes());
	assert.ok(typeof read !== 'string');
	assert.deepEqual(summary(read), ['0 one-a 1', '1000000 one-b 1', '2000000 two-a 2']);
	assert.deepEqual(
		read.interfaces.map((one) => one.linkType),
		[linkType.ethernet, linkType.ethernet, linkType.raw],
	);
});

test('what was written is the file’s own', async () => {
	const clock = virtualClock();
	const { write, bytes } = file();
	const link = pcap(linkPair({ clock })[0], write, { clock });
	const frame = frameOf(1);
	link.send([frame]);
	frame.fill(0xee);
	const capture = pcapFormat.parse(bytes());
	assert.ok(typeof capture !== 'string');
	assert.deepEqual(summary(capture), ['0  1']);
});

test('a snapLength that makes no sense is refused', () => {
	const [link] = linkPair();
	for (const snapLength of [-1, 1.5]) {
		assert.throws(() => pcap(link, () => {}, { snapLength }), { code: 'bad-argument' });
		assert.throws(() => pcapng(() => {}, { snapLength }), { code: 'bad-argument' });
	}
});
