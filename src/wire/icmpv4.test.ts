import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { offloaded } from './checksum.ts';
import * as icmpv4 from './icmpv4.ts';
import { byte, ip4, some, word } from './wire-arbitraries-harness.ts';
import { codecProperties, emitted, hex, plain, toHex, whole } from './wire-harness.ts';

codecProperties<icmpv4.Icmpv4Message>('icmpv4', {
	...icmpv4,
	parse: (bytes, start, end) => icmpv4.parse(bytes, start, end, offloaded),
	openEnded: true,
	values: fc.oneof(
		fc.record({
			kind: fc.constantFrom('echo-request' as const, 'echo-reply' as const),
			identifier: word,
			sequence: word,
			data: some,
		}),
		fc.record({ kind: fc.constant('unreachable' as const), code: fc.constant(4), mtu: word, packet: some }),
		fc.record({ kind: fc.constant('unreachable' as const), code: fc.nat(3), mtu: fc.constant(0), packet: some }),
		fc.record({ kind: fc.constant('time-exceeded' as const), code: byte, packet: some }),
		fc.record({ kind: fc.constant('parameter-problem' as const), code: byte, pointer: byte, packet: some }),
		fc.record({ kind: fc.constant('redirect' as const), code: byte, gateway: ip4, packet: some }),
		fc.record({
			kind: fc.constant('other' as const),
			type: fc.integer({ min: 13, max: 255 }),
			code: byte,
			body: fc.uint8Array({ minLength: 4, maxLength: 40 }),
		}),
	),
});

test('an echo request is type 8, and its checksum covers all of it', () => {
	const bytes = emitted(icmpv4, { kind: 'echo-request', identifier: 1, sequence: 2, data: hex('6162') });
	assert.equal(toHex(bytes), '0800969a000100026162');
	assert.equal(icmpv4.parse(bytes.with(9, 0x63)), 'checksum');
});

test('fragmentation needed carries the MTU of the next hop (RFC 1191 §4)', () => {
	const bytes = emitted(icmpv4, { kind: 'unreachable', code: 4, mtu: 1400, packet: hex('45') });
	assert.equal(toHex(bytes.subarray(4, 8)), '00000578');
});

test('extensions behind the quoted packet are left out (RFC 4884 §4)', () => {
	const bytes = new Uint8Array(8 + 128 + 12);
	bytes.set([11, 0, 0, 0, 0, 32]);
	bytes.set(hex('2000 0000 0008 0101'), 136);
	const message = whole(icmpv4.parse(bytes, 0, bytes.length, offloaded));
	assert.ok(message.kind === 'time-exceeded');
	assert.equal(message.packet.length, 128);
});

test('an unknown type keeps its bytes', () => {
	const value: icmpv4.Icmpv4Message = { kind: 'other', type: 13, code: 0, body: hex('0001000200000000') };
	assert.deepEqual(plain(icmpv4.parse(emitted(icmpv4, value))), plain(value));
});
