import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { IpAddress } from '../base/address.ts';
import { MacAddress } from '../base/mac-address.ts';
import { Prefix } from '../base/prefix.ts';
import { offloaded, pseudoSum } from './checksum.ts';
import * as icmpv6 from './icmpv6.ts';
import { ipProtocol } from './ip-protocol.ts';
import type { GroupRecord } from './membership.ts';
import type { NdOption } from './nd-options.ts';
import {
	bit,
	byte,
	doubleWord,
	ip6,
	mac,
	multiple,
	network,
	some,
	unicast6,
	word,
} from './wire-arbitraries-harness.ts';
import { type CodecSubject, codecProperties, emitted, hex, plain, toHex } from './wire-harness.ts';

const subject = (values: fc.Arbitrary<icmpv6.Icmpv6Message>): CodecSubject<icmpv6.Icmpv6Message> => ({
	lengthOf: icmpv6.lengthOf,
	parse: (bytes, start, end) => icmpv6.parse(bytes, start, end, offloaded),
	emit: (message, out, offset) => icmpv6.emit(message, out, offset, 0),
	openEnded: true,
	values,
});

const lengths = fc.nat(128);
const option: fc.Arbitrary<NdOption> = fc.oneof(
	fc.record({ kind: fc.constantFrom('source-address' as const, 'target-address' as const), address: mac }),
	fc.record({
		kind: fc.constant('prefix' as const),
		prefix: network(ip6, lengths),
		onLink: bit,
		autonomous: bit,
		validLifetime: doubleWord,
		preferredLifetime: doubleWord,
	}),
	fc.record({ kind: fc.constant('redirected-packet' as const), packet: multiple(8, 0, 5) }),
	fc.record({ kind: fc.constant('mtu' as const), mtu: doubleWord }),
	fc.record({
		kind: fc.constant('name-servers' as const),
		lifetime: doubleWord,
		servers: fc.array(ip6, { minLength: 1, maxLength: 3 }),
	}),
	fc.record({
		kind: fc.constant('nat64-prefix' as const),
		prefix: network(ip6, fc.constantFrom(32, 40, 48, 56, 64, 96)),
		lifetime: fc.nat(8191).map((units) => 8 * units),
	}),
	fc.record({ kind: fc.constant('other' as const), type: fc.integer({ min: 40, max: 255 }), data: multiple(8, 6, 3) }),
);
const options = fc.array(option, { maxLength: 4 });

codecProperties(
	'icmpv6 neighbor discovery',
	subject(
		fc.oneof(
			fc.record({ kind: fc.constant('router-solicitation' as const), options }),
			fc.record({
				kind: fc.constant('router-advertisement' as const),
				hopLimit: byte,
				managed: bit,
				other: bit,
				preference: fc.constantFrom('low' as const, 'medium' as const, 'high' as const),
				lifetime: word,
				reachableTime: doubleWord,
				retransmitTime: doubleWord,
				options,
			}),
			fc.record({ kind: fc.constant('neighbor-solicitation' as const), target: unicast6, options }),
			fc.record({
				kind: fc.constant('neighbor-advertisement' as const),
				router: bit,
				solicited: bit,
				override: bit,
				target: unicast6,
				options,
			}),
			fc.record({
				kind: fc.constant('neighbor-redirect' as const),
				target: unicast6,
				destination: unicast6,
				options,
			}),
		),
	),
);

const record: fc.Arbitrary<GroupRecord> = fc.record({
	type: fc.constantFrom(
		'include' as const,
		'exclude' as const,
		'to-include' as const,
		'to-exclude' as const,
		'allow' as const,
		'block' as const,
	),
	group: ip6,
	sources: fc.array(ip6, { maxLength: 3 }),
});

codecProperties(
	'icmpv6 listener discovery',
	subject(
		fc.oneof(
			fc.record({
				kind: fc.constant('listener-query' as const),
				maxResponseTime: fc.nat(32_767),
				group: ip6,
				details: fc.option(
					fc.record({
						suppress: bit,
						robustness: fc.nat(7),
						interval: fc.nat(127),
						sources: fc.array(ip6, { maxLength: 3 }),
					}),
					{ nil: undefined },
				),
			}),
			fc.record({ kind: fc.constantFrom('listener-report' as const, 'listener-done' as const), group: ip6 }),
			fc.record({ kind: fc.constant('listener-records' as const), records: fc.array(record, { maxLength: 4 }) }),
		),
	),
);

codecProperties(
	'icmpv6',
	subject(
		fc.oneof(
			fc.record({
				kind: fc.constantFrom('echo-request' as const, 'echo-reply' as const),
				identifier: word,
				sequence: word,
				data: some,
			}),
			fc.record({ kind: fc.constantFrom('unreachable' as const, 'time-exceeded' as const), code: byte, packet: some }),
			fc.record({ kind: fc.constant('packet-too-big' as const), code: byte, mtu: doubleWord, packet: some }),
			fc.record({ kind: fc.constant('parameter-problem' as const), code: byte, pointer: doubleWord, packet: some }),
			fc.record({
				kind: fc.constant('other' as const),
				type: fc.integer({ min: 144, max: 255 }),
				code: byte,
				body: fc.uint8Array({ minLength: 4, maxLength: 40 }),
			}),
		),
	),
);

const ip = (text: string) => IpAddress.parse(text);
const sum = pseudoSum(ip('fe80::1'), ip('ff02::1'), ipProtocol.icmpv6);
const codec = { lengthOf: icmpv6.lengthOf, emit: subject(fc.constant({} as never)).emit };

/** The bytes behind the checksum. */
const body = (message: icmpv6.Icmpv6Message) => toHex(emitted(codec, message).subarray(4));

test('the checksum covers addresses and length, unless the link vouches', () => {
	const out = new Uint8Array(12);
	const end = icmpv6.emit({ kind: 'echo-request', identifier: 1, sequence: 2, data: hex('01020304') }, out, 0, sum);
	assert.equal(end, 12);
	assert.ok(typeof icmpv6.parse(out, 0, 12, sum) === 'object');
	assert.equal(icmpv6.parse(out, 0, 11, sum), 'checksum');
	assert.equal(icmpv6.parse(out, 0, 12, sum + 1), 'checksum');
	assert.ok(typeof icmpv6.parse(out, 0, 11, offloaded) === 'object');
});

test('an advertisement of a router, byte for byte', () => {
	const message: icmpv6.Icmpv6Message = {
		kind: 'router-advertisement',
		hopLimit: 64,
		managed: false,
		other: true,
		preference: 'high',
		lifetime: 1800,
		reachableTime: 30_000,
		retransmitTime: 1000,
		options: [
			{ kind: 'source-address', address: MacAddress.parse('02:00:00:00:00:02') },
			{ kind: 'mtu', mtu: 1480 },
			{
				kind: 'prefix',
				prefix: Prefix.parse('2001:db8:1::/64'),
				onLink: true,
				autonomous: true,
				validLifetime: 2_592_000,
				preferredLifetime: 604_800,
			},
			{ kind: 'name-servers', lifetime: 0xffff_ffff, servers: [ip('2001:db8::53')] },
			{ kind: 'nat64-prefix', prefix: Prefix.parse('64:ff9b::/96'), lifetime: 1800 },
		],
	};
	const bytes =
		'40480708 00007530 000003e8' +
		'0101020000000002' +
		'05010000000005c8' +
		'030440c0 00278d00 00093a80 00000000 20010db8000100000000000000000000' +
		'19030000 ffffffff 20010db8000000000000000000000053' +
		'26020708 0064ff9b0000000000000000';
	assert.equal(body(message), toHex(hex(bytes)));
	const whole = emitted(codec, message);
	assert.deepEqual(plain(icmpv6.parse(whole, 0, whole.length, offloaded)), plain(message));
});

test('an advertisement of a neighbor, byte for byte', () => {
	const message: icmpv6.Icmpv6Message = {
		kind: 'neighbor-advertisement',
		router: false,
		solicited: true,
		override: true,
		target: ip('fe80::2'),
		options: [{ kind: 'target-address', address: MacAddress.parse('02:00:00:00:00:02') }],
	};
	assert.equal(body(message), `60000000${'fe80000000000000'}${'0000000000000002'}0201020000000002`);
});

test('what RFC 4861 tells to discard is malformed', () => {
	const solicitation = hex('8700 0000 00000000 fe800000000000000000000000000001 0101020000000001');
	const read = (bytes: Uint8Array) => icmpv6.parse(bytes, 0, bytes.length, offloaded);
	assert.ok(typeof read(solicitation) === 'object');
	assert.equal(read(solicitation.with(1, 1)), 'malformed', 'a code');
	assert.equal(read(solicitation.with(8, 0xff)), 'malformed', 'a multicast target');
	assert.equal(read(solicitation.with(25, 0)), 'malformed', 'an option without a length');
	assert.equal(read(solicitation.with(25, 2)), 'truncated', 'an option beyond the end');
});

test('an option that has not the shape of its type is kept and means nothing', () => {
	const prefix = hex('8500 0000 00000000 0304 81c0 00000000 00000000 00000000 20010db8000000000000000000000000');
	assert.deepEqual(plain(icmpv6.parse(prefix, 0, prefix.length, offloaded)), {
		kind: 'router-solicitation',
		options: [{ data: `81c0${'00'.repeat(12)}20010db8${'00'.repeat(12)}`, kind: 'other', type: 3 }],
	});
});

test('bits behind a prefix are ignored, and NAT64 prefixes have six lengths (RFC 8781 §4)', () => {
	const solicitation = hex('8500 0000 00000000 2602 0709 0064ff9b00010002 ffffffff 8500');
	const parsed = icmpv6.parse(solicitation, 0, 24, offloaded);
	assert.deepEqual(plain(parsed), {
		kind: 'router-solicitation',
		options: [{ kind: 'nat64-prefix', lifetime: 1800, prefix: '64:ff9b:1:2::/64' }],
	});
	const bad: NdOption = { kind: 'nat64-prefix', prefix: Prefix.parse('64:ff9b::/80'), lifetime: 8 };
	assert.throws(() => body({ kind: 'router-solicitation', options: [bad] }), { code: 'bad-argument' });
	const rounded: NdOption = { kind: 'nat64-prefix', prefix: Prefix.parse('64:ff9b::/96'), lifetime: 70_000 };
	assert.equal(body({ kind: 'router-solicitation', options: [rounded] }).slice(8, 16), '2602fff8');
});

test('a query of version 2 tells times in few bits, one of version 1 is shorter', () => {
	const group = ip('ff02::1:3');
	const details = { suppress: true, robustness: 2, interval: 125, sources: [] };
	const query = { kind: 'listener-query' as const, maxResponseTime: 10_000, group };
	const groupHex = 'ff020000000000000000000000010003';
	assert.equal(body({ ...query, details }), `27100000${groupHex}0a7d0000`);
	assert.equal(body({ ...query, details: undefined }), `27100000${groupHex}`);
	assert.equal(body({ ...query, maxResponseTime: 40_000, details }), `83880000${groupHex}0a7d0000`);
});
