/** Any message that can be said, for fast-check, and bytes written as people read them. */

import fc from 'fast-check';
import { IpAddress } from '../../base/address.ts';
import type { Message, Question } from './message.ts';
import { formatLabel } from './name.ts';
import type { AnyRecord } from './record.ts';
import type { ServiceParams } from './service.ts';

/** `'00 10' name('a.b')`: pieces in hex, or bytes. */
export function bytesOf(...pieces: (string | Uint8Array)[]): Uint8Array {
	return Uint8Array.from(
		pieces.flatMap((piece) =>
			typeof piece === 'string'
				? (piece.replace(/\s/g, '').match(/../g) ?? []).map((hex) => Number.parseInt(hex, 16))
				: [...piece],
		),
	);
}

/** A name of ASCII labels as it is on the wire without compression. */
export function plainName(name: string): Uint8Array {
	const labels = name === '.' ? [] : name.split('.');
	return bytesOf(...labels.flatMap((label) => [Uint8Array.of(label.length), new TextEncoder().encode(label)]), '00');
}

/** A response with one answer: `type` and data as they are on the wire. */
export function answerOf(type: number, data: Uint8Array): Uint8Array {
	const length = Uint8Array.of(data.length >> 8, data.length & 255);
	const fixed = Uint8Array.of(type >> 8, type & 255, 0, 1, 0, 0, 0, 60);
	return bytesOf('1234 8180 0000 0001 0000 0000', '00', fixed, length, data);
}

/** Objects as literals make them. */
function recordOf<T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> {
	return fc.record(model, { noNullPrototype: true }) as fc.Arbitrary<T>;
}

const octets = (maxLength: number, minLength = 0) => fc.uint8Array({ minLength, maxLength });
const u8 = fc.nat(0xff);
const u16 = fc.nat(0xffff);
const u32 = fc.nat(0xffff_ffff);

/** Short ones mostly, so that they share endings. */
export const anyName: fc.Arbitrary<string> = fc
	.array(fc.oneof({ weight: 5, arbitrary: fc.constantFrom('a', 'B', 'example', 'com') }, anyLabel()), { maxLength: 5 })
	.map((labels) => labels.join('.') || '.')
	.filter((name) => name.length < 200);

function anyLabel(): fc.Arbitrary<string> {
	return octets(12, 1).map(formatLabel);
}

function anyAddress(family: 4 | 6): fc.Arbitrary<IpAddress> {
	const length = family === 4 ? 4 : 16;
	return octets(length, length).map((bytes) => IpAddress.from(bytes));
}

const list = <T>(item: fc.Arbitrary<T>) => fc.array(item, { minLength: 1, maxLength: 4 });

const anyParams: fc.Arbitrary<ServiceParams> = fc
	.record(
		{
			alpn: list(octets(9, 1).map((id) => String.fromCharCode(...id))),
			port: u16,
			ipv4hint: list(anyAddress(4)),
			ech: octets(20),
			ipv6hint: list(anyAddress(6)),
			others: fc
				.uniqueArray(recordOf({ key: fc.integer({ min: 7, max: 0xffff }), value: octets(9) }), {
					selector: ({ key }) => key,
					minLength: 1,
					maxLength: 4,
				})
				.map((others) => others.sort((a, b) => a.key - b.key)),
		},
		{ requiredKeys: [], noNullPrototype: true },
	)
	.chain((params) => {
		const mandatory = [...(params.port === undefined ? [] : [3]), ...(params.others ?? []).map(({ key }) => key)];
		return fc.constantFrom(
			params,
			...(mandatory.length > 0 ? [{ ...params, mandatory }] : []),
			...(params.alpn ? [{ ...params, noDefaultAlpn: true as const }] : []),
		);
	});

const anyService = { priority: u16, target: anyName, params: anyParams };
const owner = { name: anyName, class: u16, ttl: u32 };

export const anyRecord: fc.Arbitrary<AnyRecord> = fc.oneof(
	recordOf({ ...owner, type: fc.constant('A' as const), address: anyAddress(4) }),
	recordOf({ ...owner, type: fc.constant('AAAA' as const), address: anyAddress(6) }),
	recordOf({ ...owner, type: fc.constantFrom('CNAME' as const, 'NS' as const, 'PTR' as const), target: anyName }),
	recordOf({
		...owner,
		type: fc.constant('SOA' as const),
		primary: anyName,
		mailbox: anyName,
		serial: u32,
		refresh: u32,
		retry: u32,
		expire: u32,
		minimum: u32,
	}),
	recordOf({ ...owner, type: fc.constant('MX' as const), preference: u16, exchange: anyName }),
	recordOf({ ...owner, type: fc.constant('TXT' as const), strings: list(octets(255)) }),
	recordOf({ ...owner, type: fc.constant('SRV' as const), priority: u16, weight: u16, port: u16, target: anyName }),
	recordOf({
		...owner,
		type: fc.constant('CAA' as const),
		flags: u8,
		tag: fc.stringMatching(/^[a-zA-Z0-9]{1,15}$/),
		value: octets(30),
	}),
	recordOf({ ...owner, type: fc.constantFrom('SVCB' as const, 'HTTPS' as const), ...anyService }),
	recordOf({ ...owner, type: fc.integer({ min: 300, max: 0xffff }), data: octets(30) }),
);

const anyQuestion: fc.Arbitrary<Question> = recordOf({
	name: anyName,
	type: fc.oneof(fc.constantFrom('A' as const, 'HTTPS' as const), fc.integer({ min: 300, max: 0xffff })),
	class: u16,
});

const records = fc.array(anyRecord, { maxLength: 4 });

const plain = {
	id: u16,
	response: fc.boolean(),
	opcode: fc.nat(15),
	authoritative: fc.boolean(),
	truncated: fc.boolean(),
	recursionDesired: fc.boolean(),
	recursionAvailable: fc.boolean(),
	authenticData: fc.boolean(),
	checkingDisabled: fc.boolean(),
	questions: fc.array(anyQuestion, { maxLength: 2 }),
	answers: records,
	authorities: records,
	additionals: records,
};

export const anyMessage: fc.Arbitrary<Message> = fc.oneof(
	recordOf({ ...plain, rcode: fc.nat(15) }),
	recordOf({
		...plain,
		rcode: fc.nat(4095),
		edns: recordOf({
			udpSize: u16,
			version: u8,
			dnssecOk: fc.boolean(),
			options: fc.array(recordOf({ code: u16, data: octets(20) }), { maxLength: 3 }),
		}),
	}),
);
