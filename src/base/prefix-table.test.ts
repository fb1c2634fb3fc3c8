import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { IpAddress } from './address.ts';
import { Prefix } from './prefix.ts';
import { PrefixTable } from './prefix-table.ts';

const ip = (text: string) => IpAddress.parse(text);
const prefix = (text: string) => Prefix.parse(text);
const tableOf = (...texts: string[]) =>
	texts.reduce((table, text) => table.set(prefix(text), text), new PrefixTable<string>());

test('the longest match of 192.168.1.33 among nested prefixes', () => {
	const table = tableOf(
		'0.0.0.0/0',
		'192.168.0.0/16',
		'192.168.1.0/24',
		'192.168.1.32/27',
		'192.168.1.64/26',
		'192.168.1.32/32',
	);
	const match = (text: string) => table.match(ip(text))?.value;
	assert.equal(match('192.168.1.33'), '192.168.1.32/27');
	assert.equal(match('192.168.1.32'), '192.168.1.32/32');
	assert.equal(match('192.168.1.65'), '192.168.1.64/26');
	assert.equal(match('192.168.1.1'), '192.168.1.0/24');
	assert.equal(match('192.168.2.1'), '192.168.0.0/16');
	assert.equal(match('10.0.0.1'), '0.0.0.0/0');
	assert.equal(match('::1'), undefined);
	assert.ok(table.delete(prefix('192.168.1.32/27')));
	assert.equal(match('192.168.1.33'), '192.168.1.0/24');
});

test('host bits do not matter to the network, and stay with the prefix', () => {
	const table = tableOf('192.168.122.5/27');
	assert.equal(table.get(prefix('192.168.122.0/27')), '192.168.122.5/27');
	assert.equal(String(table.match(ip('192.168.122.31'))?.prefix), '192.168.122.5/27');
	table.set(prefix('192.168.122.9/27'), 'again');
	assert.equal(table.size, 1);
	assert.equal(table.get(prefix('192.168.122.0/27')), 'again');
	assert.equal(table.get(prefix('192.168.122.0/26')), undefined);
	assert.ok(!table.delete(prefix('192.168.122.0/28')));
});

test('entries come in order, an outer network first', () => {
	const texts = ['10.0.0.0/8', '10.0.0.0/9', '10.128.0.0/9', '192.0.2.0/24', '::/0', '2001:db8::/32', 'fe80::/10'];
	const table = tableOf(...texts.toReversed());
	assert.deepEqual(
		Array.from(table, ({ value }) => value),
		texts,
	);
});

test('a value may be undefined', () => {
	const table = new PrefixTable<undefined>().set(prefix('10.0.0.0/8'), undefined);
	assert.equal(table.size, 1);
	assert.deepEqual(table.match(ip('10.0.0.1')), { prefix: prefix('10.0.0.0/8'), value: undefined });
	assert.ok(table.delete(prefix('10.0.0.0/8')));
	assert.equal(table.size, 0);
});

test('whatever is set and deleted, a match is what a walk through a list finds', () => {
	// Few different bits, so that prefixes nest.
	const address = fc
		.tuple(fc.constantFrom(4, 16), fc.array(fc.constantFrom(0, 1, 0x80, 0xff), { minLength: 16, maxLength: 16 }))
		.map(([length, octets]) => IpAddress.from(Uint8Array.from(octets.slice(0, length))));
	const anyPrefix = fc
		.tuple(address, fc.nat(128))
		.map(([it, length]) => Prefix.of(it, length % (it.family === 4 ? 33 : 129)));
	const change = fc.tuple(fc.constantFrom('set', 'set', 'delete'), anyPrefix);
	fc.assert(
		fc.property(fc.array(change, { maxLength: 60 }), fc.array(address, { maxLength: 20 }), (changes, asked) => {
			const table = new PrefixTable<number>();
			let list: { prefix: Prefix; value: number }[] = [];
			for (const [index, [what, it]] of changes.entries()) {
				const same = (entry: { prefix: Prefix }) =>
					entry.prefix.length === it.length && entry.prefix.network.equals(it.network);
				// Half of the deletions hit.
				const target = what === 'delete' && index % 2 === 0 ? (list[index % (list.length || 1)]?.prefix ?? it) : it;
				if (what === 'set') {
					list = [...list.filter((entry) => !same(entry)), { prefix: it, value: index }];
					table.set(it, index);
				} else {
					const left = list.filter(
						(entry) => entry.prefix.length !== target.length || !entry.prefix.network.equals(target.network),
					);
					assert.equal(table.delete(target), left.length < list.length);
					list = left;
				}
				assert.equal(table.size, list.length);
			}
			for (const it of [...asked, ...list.map((entry) => entry.prefix.network)]) {
				const expected = list
					.filter((entry) => entry.prefix.contains(it))
					.sort((a, b) => b.prefix.length - a.prefix.length)[0];
				assert.equal(table.match(it)?.value, expected?.value);
			}
			for (const entry of list) assert.equal(table.get(entry.prefix), entry.value);
			assert.deepEqual(Array.from(table, ({ value }) => value).sort(), list.map(({ value }) => value).sort());
		}),
		{ numRuns: 1_000 },
	);
});
