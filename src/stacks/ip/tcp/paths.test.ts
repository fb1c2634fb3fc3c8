import assert from 'node:assert/strict';
import { test } from 'node:test';
import { metricsOf } from '../../../stack/metrics.ts';
import * as icmpv4 from '../../../wire/icmpv4.ts';
import { ipProtocol } from '../../../wire/ip-protocol.ts';
import { packet, RawPeer } from './raw-peer-harness.ts';
import { Hosts, transfer } from './transfer-harness.ts';

/** What a router says of the last packet that the stack has sent. */
function tooBig(peer: RawPeer, mtu: number, change: (quoted: Uint8Array) => void = () => {}): void {
	const { frame } = peer.lan.frames.findLast(({ frame }) => frame[15] === 1 && frame.length > mtu)!;
	const quoted = frame.slice(0, 48);
	change(quoted);
	const message = { kind: 'unreachable', code: 4, mtu, packet: quoted } as const;
	const out = new Uint8Array(icmpv4.lengthOf(message));
	icmpv4.emit(message, out, 0);
	peer.lan.carry(undefined, packet(out, ipProtocol.icmpv4));
}

test('ICMP says that a path is smaller: what is under way goes again, smaller, and the window stays', async () => {
	const peer = await new RawPeer().listen();
	await peer.shake({ maximumSegmentSize: 1460 });
	peer.flow!.write([new Uint8Array(5000)]);
	await peer.pass(1);
	const before = metricsOf(peer.flow!)!;
	assert.equal(before.maxSegmentSize, 1460);
	peer.answers();
	tooBig(peer, 1000, (quoted) => {
		quoted[24]! ^= 0x40;
	});
	await peer.pass(2);
	assert.equal(metricsOf(peer.flow!)?.maxSegmentSize, 1460, 'a segment that was never sent is not believed');
	tooBig(peer, 1000);
	await peer.pass(2);
	const after = metricsOf(peer.flow!)!;
	assert.deepEqual([after.maxSegmentSize, after.pathMtu], [960, 1000]);
	assert.equal(after.congestionWindow, before.congestionWindow);
	const [again] = peer.answers();
	assert.ok(again !== undefined && again.length > 0 && again.length <= 960);
});

test('a path that swallows large segments without a word is found out', async () => {
	const hosts = new Hosts({ delay: 5, impairments: { mtu: 1300 } });
	const [a, b] = await hosts.connect();
	await transfer(hosts.clock, a, b, 100_000);
	assert.ok((metricsOf(a)?.maxSegmentSize ?? 0) <= 1260);
	await hosts.close();
});

test('a link that is full is waited for, and loses nothing', async () => {
	const hosts = new Hosts({ delay: 5, capacity: 100_000, config: { limits: { queuedBytes: 50_000 } } });
	const pairs = [await hosts.connect(), await hosts.connect(6), await hosts.connect()];
	await Promise.all(pairs.map(([a, b]) => transfer(hosts.clock, a, b, 1_000_000)));
	await hosts.close();
});

test('a link that divides segments gets large ones', async () => {
	const offloads = { segmentation: 65_535, sendChecksum: true, receiveChecksum: true };
	const hosts = new Hosts({ delay: 1, offloads });
	const [a, b] = await hosts.connect();
	await transfer(hosts.clock, a, b, 3_000_000);
	assert.ok((hosts.server.inspect().counters.received ?? 0) < 500);
	await hosts.close();
});

test('ports, sequence numbers and clocks cannot be told from one connection to the next', async () => {
	const hosts = new Hosts();
	const seen = new Set<number>();
	for (let count = 0; count < 20; count += 1) {
		const [a] = await hosts.connect();
		assert.ok('port' in a.local && a.local.port >= 49_152);
		seen.add('port' in a.local ? a.local.port : 0);
		a.abort();
	}
	assert.equal(seen.size, 20);
	await hosts.close();
});
