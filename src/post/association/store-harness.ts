/** For tests: the contract of `AssociationStore`, to be run on every implementation, and a calendar that stands still. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { PostSocketsError } from '../../base/errors.ts';
import type { MemoryStoreOptions } from './memory-store.ts';
import type { AssociationStore, Entry, Place } from './store.ts';
import type { StoredValue } from './value.ts';

export class Calendar {
	time = Date.UTC(2026, 0, 1);
	readonly now = () => new Date(this.time);
}

export function placeOf(more: Partial<Place> = {}): Place {
	return { partition: '', network: 'wlan', kind: 'rtt', key: 'a', ...more };
}

/** Expires after an hour of a fresh `Calendar`. */
export function entryOf(more: Partial<Entry> = {}): Entry {
	return { ...placeOf(), value: 1, expires: Date.UTC(2026, 0, 1) + 3_600_000, ...more };
}

export type MakeStore = (options: MemoryStoreOptions) => Promise<AssociationStore>;

/** `reopen` closes a store and opens it again, where that keeps what is in it. */
export function storeSuite(
	name: string,
	make: MakeStore,
	reopen?: (store: AssociationStore) => Promise<AssociationStore>,
) {
	function storeTest(
		title: string,
		body: (store: AssociationStore, calendar: Calendar) => Promise<void> | void,
		options: MemoryStoreOptions = {},
	): void {
		test(title, async () => {
			const calendar = new Calendar();
			const store = await make({ now: calendar.now, ...options });
			try {
				await body(store, calendar);
			} finally {
				await store.close();
			}
		});
	}

	describe(name, () => {
		storeTest('an entry is there until it is deleted, and under no other place', (store) => {
			store.put(entryOf({ value: 'here' }));
			assert.equal(store.get(placeOf()), 'here');
			for (const other of [{ partition: 'p' }, { network: '' }, { kind: 'ticket' }, { key: 'b' }, { key: '' }]) {
				assert.equal(store.get(placeOf(other)), undefined, JSON.stringify(other));
			}
			store.put(entryOf({ value: 'changed' }));
			assert.equal(store.get(placeOf()), 'changed');
			store.delete(placeOf());
			store.delete(placeOf());
			assert.equal(store.get(placeOf()), undefined);
		});

		storeTest('names that look alike when joined are different places', (store) => {
			const places = [
				placeOf({ partition: 'ab', kind: 'c' }),
				placeOf({ partition: 'a', kind: 'bc' }),
				placeOf({ partition: '1:a', kind: '' }),
				placeOf({ partition: '1', kind: ':a' }),
				placeOf({ network: 'ab', key: 'c' }),
				placeOf({ network: 'a', key: 'bc' }),
				placeOf({ network: '', key: '__proto__' }),
			];
			for (const [value, place] of places.entries()) store.put(entryOf({ ...place, value }));
			assert.deepEqual(
				places.map((place) => store.get(place)),
				places.map((_, index) => index),
			);
		});

		storeTest('I-5.3-04 an entry is taken once', (store) => {
			store.put(entryOf({ kind: 'ticket', value: Uint8Array.of(1, 2, 3), disk: 'secret' }));
			assert.deepEqual(store.take(placeOf({ kind: 'ticket' })), Uint8Array.of(1, 2, 3));
			assert.equal(store.take(placeOf({ kind: 'ticket' })), undefined);
			assert.equal(store.get(placeOf({ kind: 'ticket' })), undefined);
		});

		storeTest('I-9.1-01 X-13 P-54 what has expired is not there, though it is stored', (store, calendar) => {
			store.put(entryOf({ expires: calendar.time + 10 }));
			store.put(entryOf({ key: 'b', expires: calendar.time }));
			store.put(entryOf({ key: 'c', expires: calendar.time + 10 }));
			assert.equal(store.get(placeOf({ key: 'b' })), undefined);
			calendar.time += 9;
			assert.equal(store.get(placeOf()), 1);
			calendar.time += 1;
			assert.deepEqual(store.entries({ partition: '', kind: 'rtt' }), []);
			assert.equal(store.get(placeOf()), undefined);
			assert.equal(store.take(placeOf({ key: 'c' })), undefined);
			calendar.time -= 10;
			assert.equal(store.get(placeOf()), undefined, 'it was dropped when it was found to be old');
		});

		storeTest('an entry that has expired replaces and is not kept', (store, calendar) => {
			store.put(entryOf());
			store.put(entryOf({ value: 2, expires: calendar.time }));
			assert.equal(store.get(placeOf()), undefined);
		});

		storeTest('values are copied on their way in and out', (store) => {
			const inner = Uint8Array.of(1, 2);
			const list: StoredValue[] = [inner, { deep: [1] }];
			store.put(entryOf({ value: { list } }));
			inner[0] = 9;
			list.push('more');
			const expected = { list: [Uint8Array.of(1, 2), { deep: [1] }] };
			const spoil = (value: StoredValue | undefined) => {
				assert.deepEqual(value, expected);
				const read = (value as typeof expected).list;
				(read[0] as Uint8Array)[1] = 7;
				(read[1] as { deep: number[] }).deep.push(2);
				read.pop();
			};
			spoil(store.get(placeOf()));
			spoil(store.entries({ partition: '', kind: 'rtt' })[0]!.value);
			assert.deepEqual(store.get(placeOf()), expected);
			assert.deepEqual(store.take(placeOf()), expected);
		});

		const values: readonly StoredValue[] = [
			null,
			true,
			0,
			-1.5e300,
			'',
			'\u0000\n\ud800 \u2028"~',
			[],
			{},
			{ '~': 'a', '~~': { '~x': [] }, __proto__x: 1 },
			JSON.parse('{"__proto__": {"polluted": true}, "constructor": 1, "1": 2}'),
			new Uint8Array(0),
			Uint8Array.from({ length: 256 }, (_, byte) => byte),
			[[[Uint8Array.of(255)]], { deep: { deeper: [null, false, 'text'] } }],
		];

		storeTest('every value comes back as it was', async (store) => {
			for (const [index, value] of values.entries()) store.put(entryOf({ key: `${index}`, value }));
			const again = reopen ? await reopen(store) : store;
			for (const [index, value] of values.entries()) {
				const read = again.get(placeOf({ key: `${index}` }));
				assert.deepEqual(read, value);
				assert.equal(read instanceof Uint8Array, value instanceof Uint8Array);
				assert.ok(!(read instanceof Buffer));
			}
			assert.equal(({} as { polluted?: boolean }).polluted, undefined);
			await again.close();
		});

		storeTest('negative zero is zero, as it would be in JSON', (store) => {
			store.put(entryOf({ value: [-0] }));
			assert.deepEqual(store.get(placeOf()), [0]);
		});

		storeTest('what would not come back as it was throws bad-argument and changes nothing', (store) => {
			store.put(entryOf());
			const cycle: unknown[] = [];
			cycle.push(cycle);
			const wrong = [
				undefined,
				Number.NaN,
				Number.POSITIVE_INFINITY,
				() => 1,
				Symbol('s'),
				1n,
				new Date(0),
				new Map(),
				cycle,
			];
			for (const value of [...wrong, { a: undefined }, new Array(1), { a: [new Date(0)] }]) {
				assert.throws(() => store.put(entryOf({ value: value as StoredValue })), isBadArgument);
			}
			assert.throws(() => store.put(entryOf({ expires: Number.NaN })), isBadArgument);
			assert.equal(store.get(placeOf()), 1);
		});

		storeTest(
			'entries are those of one partition and kind, by network and prefix, least recently used first',
			(store) => {
				const put = (more: Partial<Entry>) => store.put(entryOf(more));
				put({ key: 'ab' });
				put({ key: 'ac' });
				put({ key: 'b' });
				put({ key: 'ab', network: 'lan' });
				put({ key: 'ab', kind: 'ticket' });
				put({ key: 'ab', partition: 'p' });
				store.get(placeOf({ key: 'ab' }));
				const list = (more: object) =>
					store.entries({ partition: '', kind: 'rtt', ...more }).map(({ network, key }) => `${network} ${key}`);
				assert.deepEqual(list({}), ['wlan ac', 'wlan b', 'lan ab', 'wlan ab']);
				assert.deepEqual(list({ prefix: 'a' }), ['wlan ac', 'lan ab', 'wlan ab']);
				assert.deepEqual(list({ prefix: 'a', network: 'wlan' }), ['wlan ac', 'wlan ab']);
				assert.deepEqual(list({ network: '' }), []);
				assert.deepEqual(store.entries({ partition: 'p', kind: 'rtt' }), [
					{ ...entryOf({ partition: 'p', key: 'ab' }), disk: undefined },
				]);
				assert.deepEqual(store.entries({ partition: 'q', kind: 'rtt' }), []);
			},
		);

		storeTest('H-70 clear empties a partition, a network, both, or all', (store) => {
			const networks = ['wlan', 'lan', ''];
			const places = ['', 'p'].flatMap((partition) => networks.map((network) => placeOf({ partition, network })));
			const fill = () => places.forEach((place) => void store.put(entryOf(place)));
			const left = () =>
				places.filter((place) => store.get(place) !== undefined).map((place) => `${place.partition}/${place.network}`);
			fill();
			store.clear({ partition: 'p', network: 'wlan' });
			assert.deepEqual(left(), ['/wlan', '/lan', '/', 'p/lan', 'p/']);
			store.clear({ network: 'lan' });
			assert.deepEqual(left(), ['/wlan', '/', 'p/']);
			store.clear({ network: '' });
			assert.deepEqual(left(), ['/wlan']);
			fill();
			store.clear({ partition: '' });
			assert.deepEqual(left(), ['p/wlan', 'p/lan', 'p/']);
			store.clear();
			assert.deepEqual(left(), []);
		});

		storeTest(
			'what was used longest ago is dropped at maxEntries',
			(store) => {
				for (const key of ['a', 'b', 'c']) store.put(entryOf({ key }));
				store.get(placeOf({ key: 'a' }));
				store.put(entryOf({ key: 'd' }));
				assert.deepEqual(keysIn(store), ['c', 'a', 'd']);
				store.put(entryOf({ key: 'c', value: 2 }));
				store.put(entryOf({ key: 'e' }));
				assert.deepEqual(keysIn(store), ['d', 'c', 'e']);
			},
			{ maxEntries: 3, maxPerKind: 3 },
		);

		storeTest(
			'one kind of one partition cannot push out the others',
			(store) => {
				store.put(entryOf({ kind: 'ticket', key: 't' }));
				store.put(entryOf({ partition: 'p', key: 'p' }));
				for (let index = 0; index < 100; index += 1) store.put(entryOf({ key: `${index}` }));
				assert.deepEqual(keysIn(store), ['98', '99']);
				assert.equal(store.get(placeOf({ kind: 'ticket', key: 't' })), 1);
				assert.equal(store.get(placeOf({ partition: 'p', key: 'p' })), 1);
			},
			{ maxEntries: 100, maxPerKind: 2 },
		);

		storeTest(
			'bytes are bounded, and what is larger than the store is not kept',
			(store) => {
				const kilobyte = new Uint8Array(1_000);
				for (let index = 0; index < 20; index += 1) store.put(entryOf({ key: `${index}`, value: kilobyte }));
				const kept = keysIn(store);
				assert.ok(kept.length > 5 && kept.length < 10, `${kept.length} kept`);
				assert.equal(kept.at(-1), '19');
				store.put(entryOf({ key: '19', value: new Uint8Array(10_000) }));
				assert.deepEqual(keysIn(store), kept.slice(0, -1));
			},
			{ maxBytes: 10_000 },
		);

		storeTest('flush and close resolve, and a closed store is empty and takes nothing', async (store) => {
			store.put(entryOf());
			await store.flush();
			const closing = store.close();
			store.put(entryOf({ key: 'b' }));
			const seen = () => [store.get(placeOf()), store.take(placeOf({ key: 'b' })), ...store.entries(placeOf())];
			assert.deepEqual(seen(), [undefined, undefined]);
			await closing;
			await store.close();
			await store[Symbol.asyncDispose]();
			store.put(entryOf());
			store.delete(placeOf());
			store.clear();
			assert.deepEqual(seen(), [undefined, undefined]);
			await store.flush();
		});
	});
}

export function isBadArgument(error: unknown): boolean {
	return error instanceof PostSocketsError && error.code === 'bad-argument';
}

function keysIn(store: AssociationStore): string[] {
	return store.entries({ partition: '', kind: 'rtt' }).map(({ key }) => key);
}
