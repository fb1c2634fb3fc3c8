import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { MemoryStore, memoryStore } from './memory-store.ts';
import type { Clearing, Entry, Place, Selection } from './store.ts';
import { Calendar, entryOf, isBadArgument, placeOf, storeSuite } from './store-harness.ts';
import { StoreTwin } from './store-twin.ts';
import type { StoredValue } from './value.ts';

storeSuite('memoryStore', async (options) => memoryStore(options));

describe('the memory store against its slow twin', () => {
	const place: fc.Arbitrary<Place> = fc.record({
		partition: fc.constantFrom('', 'p'),
		network: fc.constantFrom('', 'wlan'),
		kind: fc.constantFrom('rtt', 'ticket'),
		key: fc.constantFrom('a', 'ab', 'b', 'c'),
	});
	const value: fc.Arbitrary<StoredValue> = fc.oneof(
		fc.integer(),
		fc.string({ maxLength: 40 }),
		fc.uint8Array({ maxLength: 300 }),
		fc.constant({ list: [1, 'two', null] }),
	);
	type Operation =
		| { readonly what: 'put'; readonly place: Place; readonly value: StoredValue; readonly lifetime: number }
		| { readonly what: 'get' | 'take' | 'delete'; readonly place: Place }
		| { readonly what: 'entries'; readonly selection: Selection }
		| { readonly what: 'clear'; readonly clearing: Clearing }
		| { readonly what: 'wait'; readonly milliseconds: number };
	const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
	const network = maybe(fc.constantFrom('', 'wlan'));
	const operation: fc.Arbitrary<Operation> = fc.oneof(
		{
			weight: 8,
			arbitrary: fc.record({
				what: fc.constant('put' as const),
				place,
				value,
				lifetime: fc.integer({ min: -5, max: 50 }),
			}),
		},
		{
			weight: 6,
			arbitrary: fc.record({ what: fc.constantFrom('get' as const, 'take' as const, 'delete' as const), place }),
		},
		{
			weight: 2,
			arbitrary: fc.record({
				what: fc.constant('entries' as const),
				selection: fc.record({
					partition: fc.constantFrom('', 'p'),
					kind: fc.constantFrom('rtt', 'ticket'),
					network,
					prefix: maybe(fc.constantFrom('a', 'ab', 'x')),
				}),
			}),
		},
		{
			weight: 1,
			arbitrary: fc.record({
				what: fc.constant('clear' as const),
				clearing: fc.record({ partition: maybe(fc.constantFrom('', 'p')), network }),
			}),
		},
		{
			weight: 3,
			arbitrary: fc.record({ what: fc.constant('wait' as const), milliseconds: fc.integer({ min: 0, max: 30 }) }),
		},
	);
	const limits = fc.record({
		maxEntries: fc.integer({ min: 1, max: 12 }),
		maxPerKind: fc.integer({ min: 1, max: 6 }),
		maxBytes: fc.integer({ min: 200, max: 2_500 }),
	});

	test('I-9.1-01 X-13 bounds, expiry and order of use are those of the twin after every operation', () => {
		fc.assert(
			fc.property(limits, fc.array(operation, { maxLength: 80 }), (limits, operations) => {
				const calendar = new Calendar();
				const store = new MemoryStore({ ...limits, now: calendar.now });
				const twin = new StoreTwin(limits, calendar.now);
				for (const operation of operations) {
					switch (operation.what) {
						case 'put': {
							const { place, value, lifetime } = operation;
							const entry: Entry = { ...place, value, expires: calendar.time + lifetime, disk: undefined };
							store.put(entry);
							twin.put(entry);
							break;
						}
						case 'get':
						case 'take':
						case 'delete':
							assert.deepEqual(store[operation.what](operation.place), twin[operation.what](operation.place));
							break;
						case 'entries':
							assert.deepEqual(store.entries(operation.selection), twin.entries(operation.selection));
							break;
						case 'clear':
							store.clear(operation.clearing);
							twin.clear(operation.clearing);
							break;
						case 'wait':
							calendar.time += operation.milliseconds;
					}
					const live = twin.list.filter(({ expires }) => expires > calendar.time);
					assert.deepEqual(store.newestFirst(), live.reverse());
					assert.ok(twin.list.length <= limits.maxEntries && twin.bytes <= limits.maxBytes);
				}
			}),
			{ numRuns: 1_500 },
		);
	});
});

test('bounds that are no number from 1 throw bad-argument', () => {
	for (const wrong of [0, -1, Number.NaN]) {
		assert.throws(() => memoryStore({ maxEntries: wrong }), isBadArgument);
		assert.throws(() => memoryStore({ maxPerKind: wrong }), isBadArgument);
		assert.throws(() => memoryStore({ maxBytes: wrong }), isBadArgument);
	}
});

test('a full store of the default size takes new entries without looking at the old ones', () => {
	const store = memoryStore();
	const put = (key: string) => store.put(entryOf({ key, expires: Number.MAX_SAFE_INTEGER }));
	for (let index = 0; index < 200_000; index += 1) put(`${index}`);
	assert.equal(store.entries({ partition: '', kind: 'rtt' }).length, 2_500, 'a quarter of 10000');
	assert.equal(store.get(placeOf({ key: '199999' })), 1);
	assert.equal(store.get(placeOf({ key: '0' })), undefined);
});
