/** Each layer of a real frame is read, and what was read is emitted as the same bytes. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as arp from './arp.ts';
import * as ethernet from './ethernet.ts';
import * as icmpv4 from './icmpv4.ts';
import * as icmpv6 from './icmpv6.ts';
import * as igmp from './igmp.ts';
import { ipProtocol } from './ip-protocol.ts';
import * as ipv4 from './ipv4.ts';
import * as ipv6 from './ipv6.ts';
import * as extensions from './ipv6-extensions.ts';
import { linuxFrames } from './linux-frames-harness.ts';
import * as tcp from './tcp.ts';
import * as udp from './udp.ts';
import { plain, toHex, whole } from './wire-harness.ts';

const nothingChecked = 'arpRequest';

for (const [name, frame] of Object.entries(linuxFrames)) {
	test(`a frame of Linux is read and emitted again: ${name}`, () => {
		const out = new Uint8Array(frame.length);
		assert.equal(emitFrame(frame, out), frame.length);
		assert.equal(toHex(out), toHex(frame));
	});

	if (name === nothingChecked) continue;

	test(`a frame of Linux with one bit flipped that a checksum covers does not pass for whole: ${name}`, () => {
		const { type } = whole(ethernet.parse(frame));
		const start =
			type === ethernet.etherType.ipv6 ? whole(extensions.parse(whole(ipv6.parse(frame, 14)))).payloadStart : 14;
		for (let bit = 8 * start; bit < 8 * frame.length; bit += 1) {
			const damaged = frame.slice();
			damaged[bit >> 3]! ^= 1 << (bit & 7);
			assert.equal(typeof describe(damaged), 'string');
		}
	});
}

test('the segments of Linux say what it said', () => {
	const options = (frame: Uint8Array) => plain(whole(segmentOf(frame)).options);
	assert.deepEqual(options(linuxFrames.syn), {
		maximumSegmentSize: 1460,
		sackPermitted: true,
		timestamps: { echo: 0, value: 0x7d6a9f6f },
		windowScale: 10,
	});
	assert.deepEqual(options(linuxFrames.ackWithTimestamps), { timestamps: { echo: 100, value: 0x7d6a9f6f } });
	assert.deepEqual(options(linuxFrames.sack), {
		sack: [{ left: 1011, right: 1016 }],
		timestamps: { echo: 100, value: 0x7d6a9fa1 },
	});
	const syn = whole(segmentOf(linuxFrames.syn));
	assert.equal(syn.flags, tcp.tcpFlag.syn);
	assert.equal(syn.window, 64240);
	assert.equal(syn.destinationPort, 443);
});

test('the reports of Linux name its groups', () => {
	const { payloadStart } = whole(ipv4.parse(linuxFrames.igmpReport, 14));
	assert.deepEqual(plain(igmp.parse(linuxFrames.igmpReport, payloadStart)), {
		kind: 'records',
		records: [
			{ group: '232.1.1.1', sources: ['198.51.100.7'], type: 'allow' },
			{ group: '239.1.2.3', sources: [], type: 'to-exclude' },
		],
	});
	assert.deepEqual(plain(messageOf(linuxFrames.mldReport)), {
		kind: 'listener-records',
		records: [{ group: 'ff02::1:ff00:1', sources: [], type: 'to-exclude' }],
	});
});

test('the solicitations of Linux have its target, its address, and a nonce nobody here reads', () => {
	assert.deepEqual(plain(messageOf(linuxFrames.neighborSolicitation)), {
		kind: 'neighbor-solicitation',
		options: [{ data: '0688d9b5ace2', kind: 'other', type: 14 }],
		target: 'fe80::ff:fe00:1',
	});
	assert.deepEqual(plain(messageOf(linuxFrames.routerSolicitation)), {
		kind: 'router-solicitation',
		options: [{ address: '02:00:00:00:00:01', kind: 'source-address' }],
	});
});

test('the port unreachable of Linux quotes the datagram', () => {
	const { payloadStart } = whole(ipv4.parse(linuxFrames.portUnreachable, 14));
	const message = whole(icmpv4.parse(linuxFrames.portUnreachable, payloadStart));
	assert.ok(message.kind === 'unreachable');
	assert.equal(message.code, 3);
	const quoted = whole(ipv4.parse(message.packet));
	assert.equal(String(quoted.source), '192.0.2.2');
	assert.equal(whole(udp.parse(message.packet, quoted.payloadStart, quoted.end, 0, 4)).destinationPort, 9999);
});

function segmentOf(frame: Uint8Array): tcp.TcpView | string {
	const ip = whole(ipv4.parse(frame, 14));
	return tcp.parse(frame, ip.payloadStart, ip.end, ip.pseudoSum(ipProtocol.tcp));
}

function messageOf(frame: Uint8Array): icmpv6.Icmpv6Message | string {
	const ip = ipv6.parse(frame, 14);
	if (typeof ip === 'string') return ip;
	const chain = extensions.parse(ip);
	if (typeof chain === 'string') return chain;
	return icmpv6.parse(frame, chain.payloadStart, ip.end, ip.pseudoSum(ipProtocol.icmpv6));
}

/** Everything that is read of a packet, or the flaw that ended it. */
function describe(frame: Uint8Array): unknown {
	const { type } = whole(ethernet.parse(frame));
	if (type === ethernet.etherType.ipv6) return plain(messageOf(frame));
	const ip = ipv4.parse(frame, 14);
	if (typeof ip === 'string') return ip;
	const { payloadStart: start, end } = ip;
	if (ip.protocol === ipProtocol.tcp) return plain(segmentOf(frame));
	if (ip.protocol === ipProtocol.udp) return plain(udp.parse(frame, start, end, ip.pseudoSum(ipProtocol.udp), 4));
	return plain(ip.protocol === ipProtocol.igmp ? igmp.parse(frame, start, end) : icmpv4.parse(frame, start, end));
}

function emitFrame(frame: Uint8Array, out: Uint8Array): number {
	const link = whole(ethernet.parse(frame));
	const start = ethernet.emit(link, out, 0);
	if (link.type === ethernet.etherType.arp) return arp.emit(whole(arp.parse(frame, start)), out, start);
	if (link.type === ethernet.etherType.ipv6) return emitIpv6(frame, out, start);
	const ip = whole(ipv4.parse(frame, start));
	const at = ipv4.emit(ip, out, start);
	const sum = ip.pseudoSum(ip.protocol);
	switch (ip.protocol) {
		case ipProtocol.icmpv4:
			return icmpv4.emit(whole(icmpv4.parse(frame, at, ip.end)), out, at);
		case ipProtocol.igmp:
			return igmp.emit(whole(igmp.parse(frame, at, ip.end)), out, at);
		case ipProtocol.tcp: {
			const end = tcp.emit(whole(tcp.parse(frame, at, ip.end, sum)), out, at);
			tcp.seal(out, at, end, sum);
			return end;
		}
	}
	const datagram = whole(udp.parse(frame, at, ip.end, sum, 4));
	out.set(frame.subarray(datagram.payloadStart, datagram.end), udp.emit(datagram, out, at));
	udp.seal(out, at, datagram.end, sum);
	return datagram.end;
}

function emitIpv6(frame: Uint8Array, out: Uint8Array, start: number): number {
	const ip = whole(ipv6.parse(frame, start));
	const chain = whole(extensions.parse(ip));
	const at = extensions.emit(chain.extensions, chain.protocol, out, ipv6.emit(ip, out, start));
	return icmpv6.emit(whole(messageOf(frame)), out, at, ip.pseudoSum(ipProtocol.icmpv6));
}
