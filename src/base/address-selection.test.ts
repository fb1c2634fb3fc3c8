import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IpAddress } from './address.ts';
import { policyOf, scopeOf, selectSource, sortDestinations } from './address-selection.ts';
import { Prefix } from './prefix.ts';

function source(text: string) {
	const [address, flag] = text.split(' ');
	const prefix = Prefix.tryParse(address!);
	return {
		address: prefix?.address ?? IpAddress.parse(address!),
		prefixLength: prefix?.length,
		deprecated: flag === 'deprecated',
		temporary: flag === 'temporary',
		interface: flag?.startsWith('by-') ? flag.slice(3) : undefined,
	};
}

/** RFC 6724 §10.1, less those about home addresses and care-of addresses. */
const sources: [destination: string, candidates: string[], chosen: string, outgoing?: string][] = [
	['2001:db8:1::1', ['2001:db8:3::1/64', 'fe80::1/64'], '2001:db8:3::1'],
	['ff05::1', ['2001:db8:3::1/64', 'fe80::1/64'], '2001:db8:3::1'],
	['2001:db8:1::1', ['2001:db8:1::1/64 deprecated', '2001:db8:2::1/64'], '2001:db8:1::1'],
	['fe80::1', ['fe80::2/64 deprecated', '2001:db8:1::1/64'], 'fe80::2'],
	['2001:db8:1::1', ['2001:db8:1::2/64', '2001:db8:3::2/64'], '2001:db8:1::2'],
	[
		'2001:db8:1::d5e3:0:0:1',
		['2001:db8:1::2/64', '2001:db8:1::d5e3:7953:13eb:22e8/64 temporary'],
		'2001:db8:1:0:d5e3:7953:13eb:22e8',
	],
	[
		'2002:c633:6401::1',
		['2002:c633:6401::d5e3:7953:13eb:22e8/64 temporary', '2001:db8:1::2/64'],
		'2002:c633:6401:0:d5e3:7953:13eb:22e8',
	],
	[
		'2002:c633:6401::d5e3:0:0:1',
		['2002:c633:6401::2/64', '2002:c633:6401::d5e3:7953:13eb:22e8/64 temporary'],
		'2002:c633:6401:0:d5e3:7953:13eb:22e8',
	],
	// Rule 5, and rule 3 before it.
	['2001:db8:1::1', ['2001:db8:1::2/64 by-wlan0', '2001:db8:9::2/64 by-eth0'], '2001:db8:9::2', 'eth0'],
	['2001:db8:1::1', ['2001:db8:1::2/64 deprecated', '2001:db8:9::2/64'], '2001:db8:9::2'],
	['198.51.100.121', ['169.254.13.78/16', '192.0.2.5/24'], '192.0.2.5'],
	['169.254.1.1', ['192.0.2.5/24', '169.254.13.78/16'], '169.254.13.78'],
];

for (const [destination, candidates, chosen, outgoing] of sources) {
	test(`RFC 6724 §10.1: to ${destination} from ${candidates.join(' or ')}`, () => {
		for (const order of [candidates, candidates.toReversed()]) {
			const found = selectSource(IpAddress.parse(destination), order.map(source), outgoing);
			assert.equal(String(found?.address), chosen);
		}
	});
}

test('there is no source of another family', () => {
	assert.equal(selectSource(IpAddress.parse('192.0.2.1'), [source('2001:db8::1')]), undefined);
	assert.equal(selectSource(IpAddress.parse('192.0.2.1'), []), undefined);
});

/** RFC 6724 §10.2, less those about home addresses: pairs of destination and its source, in the order to try. */
const destinations: string[][] = [
	['2001:db8:1::1 2001:db8:1::2/64', '198.51.100.121 169.254.13.78/16'],
	['198.51.100.121 198.51.100.117/24', '2001:db8:1::1 fe80::1/64'],
	['2001:db8:1::1 2001:db8:1::2/64', '10.1.2.3 10.1.2.4/24'],
	['fe80::1 fe80::2/64', '2001:db8:1::1 2001:db8:1::2/64'],
	['2001:db8:1::1 2001:db8:1::2/64', 'fe80::1 fe80::2/64 deprecated'],
	['2001:db8:1::1 2001:db8:1::2/64', '2001:db8:3ffe::1 2001:db8:3f44::2/64'],
	['2002:c633:6401::1 2002:c633:6401::2/64', 'fe80::1 fe80::2/64 deprecated'],
	['2001:db8:1::1 2001:db8:1::2/64', '2002:c633:6401::1 2002:c633:6401::2/64'],
	// Rule 1: what cannot be reached comes last.
	['192.0.2.1 192.0.2.2/24', '2001:db8:1::1'],
];

for (const pairs of destinations) {
	test(`RFC 6724 §10.2: ${pairs.join(', then ')}`, () => {
		const candidates = pairs.map((pair) => {
			const [address, ...rest] = pair.split(' ');
			return { address: IpAddress.parse(address!), source: rest.length > 0 ? source(rest.join(' ')) : undefined };
		});
		for (const order of [candidates, candidates.toReversed()]) assert.deepEqual(sortDestinations(order), candidates);
	});
}

test('equals keep their order, and sources of two families are not compared by length', () => {
	const [a, b] = ['192.0.2.7', '192.0.2.9'].map((text) => ({
		address: IpAddress.parse(text),
		source: source('198.51.100.1/24'),
	}));
	assert.deepEqual(sortDestinations([b!, a!]), [b, a]);
	assert.deepEqual(sortDestinations([a!, b!]), [a, b]);
});

test('scopes and policies of each kind of address', () => {
	const rows: [string, number, number, number][] = [
		['::1', 2, 50, 0],
		['2001:db8::1', 14, 40, 1],
		['192.0.2.1', 14, 35, 4],
		['::ffff:10.0.0.1', 14, 35, 4],
		['127.0.0.1', 2, 35, 4],
		['169.254.0.1', 2, 35, 4],
		['2002::1', 14, 30, 2],
		['2001::1', 14, 5, 5],
		['fd00::1', 14, 3, 13],
		['fec0::1', 5, 1, 11],
		['3ffe::1', 14, 1, 12],
		['::7', 14, 1, 3],
		['fe80::1', 2, 40, 1],
		['ff05::1', 5, 40, 1],
	];
	for (const [text, scope, precedence, label] of rows) {
		const address = IpAddress.parse(text);
		assert.deepEqual([scopeOf(address), policyOf(address)], [scope, { precedence, label }], text);
	}
});
