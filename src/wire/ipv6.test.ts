import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { IpAddress } from '../base/address.ts';
import { pseudoSum } from './checksum.ts';
import * as ipv6 from './ipv6.ts';
import * as extensions from './ipv6-extensions.ts';
import { byte, doubleWord, ip6, multiple } from './wire-arbitraries-harness.ts';
import { codecProperties, emitted, hex, toHex, whole } from './wire-harness.ts';

codecProperties<ipv6.Ipv6Header>('ipv6', {
	...ipv6,
	values: fc.record({
		source: ip6,
		destination: ip6,
		nextHeader: byte,
		hopLimit: byte,
		dscp: fc.nat(63),
		ecn: fc.nat(3),
		flowLabel: fc.nat(0xf_ffff),
		payloadLength: fc.nat(200),
	}),
	payloadOf: (header) => header.payloadLength,
});

const options = fc.array(
	fc.record({ type: fc.integer({ min: 2, max: 255 }), data: fc.uint8Array({ maxLength: 20 }) }),
	{ maxLength: 5 },
);
const extension: fc.Arbitrary<extensions.Ipv6Extension> = fc.oneof(
	fc.record({ kind: fc.constant('destination-options' as const), options }),
	fc.record({ kind: fc.constant('routing' as const), type: byte, segmentsLeft: byte, data: multiple(8, 4, 3) }),
	// Divided fragments end the chain; they have a test of their own.
	fc.record({
		kind: fc.constant('fragment' as const),
		offset: fc.constant(0),
		more: fc.constant(false),
		identification: doubleWord,
	}),
);
const chains = fc.tuple(
	fc.option(fc.record({ kind: fc.constant('hop-by-hop' as const), options }), { nil: undefined }),
	fc.array(extension, { maxLength: extensions.maxExtensions - 1 }),
	fc.constantFrom(6, 17, 58, 59, 50, 253),
);

interface Chain {
	readonly extensions: readonly extensions.Ipv6Extension[];
	readonly protocol: number;
}

/** The chain between a fixed header and nothing. */
const chainCodec = {
	lengthOf: (chain: Chain) => 40 + extensions.lengthOf(chain.extensions),
	emit(chain: Chain, out: Uint8Array, offset: number): number {
		const payloadLength = extensions.lengthOf(chain.extensions);
		const nextHeader = extensions.firstHeader(chain.extensions, chain.protocol);
		const [source, destination] = [IpAddress.loopback6, IpAddress.loopback6];
		const header = { source, destination, nextHeader, hopLimit: 1, dscp: 0, ecn: 0, flowLabel: 0, payloadLength };
		return extensions.emit(chain.extensions, chain.protocol, out, ipv6.emit(header, out, offset));
	},
	parse(bytes: Uint8Array, start: number, end: number) {
		const packet = ipv6.parse(bytes, start, end);
		if (typeof packet === 'string') return packet;
		const chain = extensions.parse(packet);
		return typeof chain === 'string' ? chain : { extensions: chain.extensions, protocol: chain.protocol };
	},
};

codecProperties<Chain>('ipv6 extensions', {
	...chainCodec,
	values: chains.map(([first, rest, protocol]) => ({ extensions: first ? [first, ...rest] : rest, protocol })),
});

test('the fixed header is forty bytes', () => {
	const header: ipv6.Ipv6Header = {
		source: IpAddress.parse('2001:db8::1'),
		destination: IpAddress.parse('ff02::1'),
		nextHeader: 58,
		hopLimit: 255,
		dscp: 46,
		ecn: 2,
		flowLabel: 0x12345,
		payloadLength: 0,
	};
	const bytes = hex('6ba12345 0000 3a ff 20010db8000000000000000000000001 ff020000000000000000000000000001');
	assert.equal(toHex(emitted(ipv6, header)), toHex(bytes));
	const view = whole(ipv6.parse(bytes));
	assert.equal(view.pseudoSum(58), pseudoSum(header.source, header.destination, 58));
	assert.ok(header.destination.equalsAt(view.bytes, view.destinationAt));
	assert.equal(ipv6.parse(bytes.with(0, 0x45)), 'unsupported');
	assert.throws(() => ipv6.emit({ ...header, payloadLength: 65_536 }, new Uint8Array(40), 0), { code: 'bad-argument' });
});

test('a listener report’s router alert is eight bytes, and pointers name the bytes that decide', () => {
	const alert = { kind: 'hop-by-hop' as const, options: [{ type: 5, data: hex('0000') }] };
	const bytes = emitted(chainCodec, { extensions: [alert], protocol: 58 });
	assert.equal(toHex(bytes.subarray(40)), '3a00050200000100');
	const chain = whole(extensions.parse(whole(ipv6.parse(bytes))));
	assert.deepEqual([chain.protocol, chain.protocolAt, chain.payloadStart], [58, 40, 48]);
	const option = (chain.extensions[0] as extensions.OptionsExtension).options[0]!;
	assert.deepEqual(option, alert.options[0]);
});

test('the walk ends at a fragment, whose payload is not a header yet', () => {
	for (const part of [
		{ offset: 0, more: true },
		{ offset: 1448, more: false },
	]) {
		const fragment = { kind: 'fragment' as const, ...part, identification: 0xdeadbeef };
		const bytes = emitted(chainCodec, { extensions: [fragment], protocol: 60 });
		const chain = whole(extensions.parse(whole(ipv6.parse(bytes))));
		assert.deepEqual(chain.extensions, [fragment]);
		assert.deepEqual([chain.protocol, chain.payloadStart], [60, 48]);
	}
});

test('hop-by-hop options that are not first are left to be refused', () => {
	const empty = { kind: 'hop-by-hop' as const, options: [] };
	const bytes = emitted(chainCodec, { extensions: [{ ...empty, kind: 'destination-options' }, empty], protocol: 17 });
	const chain = whole(extensions.parse(whole(ipv6.parse(bytes))));
	assert.deepEqual([chain.protocol, chain.protocolAt, chain.extensions.length], [0, 40, 1]);
});

test('the walk is bounded', () => {
	const empty = { kind: 'destination-options' as const, options: [] };
	const bytes = emitted(chainCodec, { extensions: new Array(extensions.maxExtensions + 1).fill(empty), protocol: 17 });
	assert.equal(extensions.parse(whole(ipv6.parse(bytes))), 'malformed');
});

test('an option beyond its header is malformed, and what no header can hold is refused', () => {
	const bytes = emitted(chainCodec, { extensions: [{ kind: 'hop-by-hop', options: [] }], protocol: 17 });
	bytes.set(hex('0505'), 42);
	assert.equal(extensions.parse(whole(ipv6.parse(bytes))), 'malformed');
	const option = { type: 30, data: new Uint8Array(255) };
	const big = [{ kind: 'hop-by-hop' as const, options: new Array(8).fill(option) }];
	assert.throws(() => extensions.emit(big, 17, new Uint8Array(4096), 0), { code: 'bad-argument' });
});
