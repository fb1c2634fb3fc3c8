/** The contract of `Link` as tests: `linkSuite('my links', make)` in a test file runs them on yours. */

import assert from 'node:assert/strict';
import { headerLength, type Link } from '../stack/link.ts';
import { type LinkFixture, LinkProbe, leastLength, numbered } from './link-probe.ts';
import { type SuiteOptions, settled, suite, turns, until } from './suite.ts';

export type { LinkFixture } from './link-probe.ts';

export function linkSuite(
	name: string,
	make: () => Promise<LinkFixture> | LinkFixture,
	options: SuiteOptions = {},
): void {
	suite(name, options, async (declare) => {
		const { peer, links, close } = await make();
		const divides = links.every(({ offloads }) => offloads.segmentation !== undefined);
		for (const link of links) link.close();
		await close?.();
		for (const direction of peer ? ['there'] : ['there', 'back']) {
			function linkTest(title: string, body: (place: Place) => Promise<void>, skip?: string): void {
				declare(
					`${direction}: ${title}`,
					async () => {
						const fixture = await make();
						const [first, second] = fixture.links.map((link) => new LinkProbe(link)) as [LinkProbe, LinkProbe];
						try {
							await body(direction === 'there' ? { a: first, b: second } : { a: second, b: first });
						} finally {
							first.close();
							second.close();
						}
						await until('both links closed', () => first.closes.length > 0 && second.closes.length > 0);
						await fixture.close?.();
						await turns(3);
						assert.deepEqual([...first.breaches, ...(peer ? [] : second.breaches)], []);
						assert.equal(fixture.open?.() ?? 0, 0, 'something is left open');
					},
					skip,
				);
			}
			declareLinks(linkTest);
			linkTest(
				'a segment that the link divides arrives whole, or as what it is divided into',
				divided,
				divides ? undefined : 'the links divide no segments',
			);
		}
	});
}

/** The probe of the link under test is `a`. */
interface Place {
	readonly a: LinkProbe;
	readonly b: LinkProbe;
}

type LinkTest = (title: string, body: (place: Place) => Promise<void>, skip?: string) => void;

function declareLinks(linkTest: LinkTest): void {
	linkTest('a link says what it is', async ({ a: { link } }) => {
		assert.ok(link.name.length > 0);
		assert.ok(link.mtu >= 68, 'RFC 791 asks for 68 bytes at least');
		assert.equal(link.address !== undefined, link.medium === 'ethernet');
		assert.equal(link.up, true);
	});

	linkTest('frames go both ways, whole and in order, and were only lent', async ({ a, b }) => {
		const there = several(a.link, b.link, 20);
		const back = several(b.link, a.link, 20);
		a.send(there);
		b.send(back.slice(0, 7));
		b.send(back.slice(7));
		await until('all are there', () => b.received.length === 20 && a.received.length === 20);
		assert.deepEqual(
			b.received.map(({ bytes }) => bytes),
			there,
		);
		assert.deepEqual(
			a.received.map(({ bytes }) => bytes),
			back,
		);
	});

	linkTest('the largest frame arrives, one byte more does not, and no more does nothing', async ({ a, b }) => {
		const most = largest(a.link);
		a.send([
			numbered(a.link, b.link, 1, most),
			numbered(a.link, b.link, 2, most + 1),
			numbered(a.link, b.link, 3, most),
		]);
		await until('both are there', () => b.received.length >= 2);
		await settled(() => b.received.length);
		assert.deepEqual(b.numbers(), [1, 3]);
		assert.equal(b.received[0]?.bytes.length, most);
	});

	linkTest('nothing, and what is no frame, harms nobody', async ({ a, b }) => {
		a.send([]);
		a.send([new Uint8Array(0), new Uint8Array(1), new Uint8Array(13).fill(0xff)]);
		a.send([numbered(a.link, b.link, 1, leastLength(a.link))]);
		await until('the good one is there', () => b.received.length === 1);
	});

	linkTest('too much at once: some is lost, nothing spoiled, and a drain follows every refusal', async ({ a, b }) => {
		const length = largest(a.link);
		const count = Math.ceil(8_388_608 / length);
		let refused = 0;
		for (let number = 0; number < count; number += 1) {
			if (!a.send([numbered(a.link, b.link, number, length)])) refused += 1;
		}
		await until('something is there', () => b.received.length > 0);
		await settled(() => b.received.length);
		const numbers = b.numbers();
		for (const [index, { bytes }] of b.received.entries()) {
			assert.deepEqual(bytes, numbered(a.link, b.link, numbers[index]!, length));
		}
		assert.ok(
			numbers.every((number, index) => index === 0 || number > numbers[index - 1]!),
			'out of order, or twice',
		);
		if (refused > 0) await until('there is room again', () => a.drains > 0);
		a.send([numbered(a.link, b.link, count, length)]);
		await until('one more is there', () => b.numbers().at(-1) === count);
	});

	linkTest('who waits for drains loses nothing for want of room', async ({ a, b }) => {
		const length = largest(a.link);
		const count = Math.ceil(8_388_608 / length);
		let sent = 0;
		const go = () => {
			while (sent < count) {
				sent += 1;
				if (!a.send([numbered(a.link, b.link, sent, length)])) return;
			}
		};
		for (let drains = -1; sent < count; ) {
			await until('there is room', () => a.drains > drains);
			drains = a.drains;
			go();
		}
		await until('the last is there', () => b.numbers().at(-1) === count);
		await settled(() => b.received.length);
		assert.equal(b.received.length, count);
	});

	linkTest('an answer may be sent from within a delivery', async ({ a, b }) => {
		b.onFrame = () => {
			if (b.received.length < 50) b.send([numbered(b.link, a.link, b.received.length, leastLength(b.link))]);
		};
		a.onFrame = () => a.send([numbered(a.link, b.link, a.received.length, leastLength(a.link))]);
		a.send([numbered(a.link, b.link, 0, leastLength(a.link))]);
		await until('it went to and fro', () => b.received.length === 50);
		assert.deepEqual(
			b.numbers(),
			Array.from({ length: 50 }, (_, index) => index),
		);
	});

	linkTest('a new handler hears everything from then on', async ({ a, b }) => {
		a.send(several(a.link, b.link, 3));
		const next = new LinkProbe(b.link);
		await until('they are there', () => next.received.length === 3);
		assert.deepEqual(b.received, []);
		next.close();
		await until('it closed', () => next.closes.length === 1);
		b.onClose(undefined);
	});

	linkTest('a closed link takes and gives nothing, and says so once', async ({ a, b }) => {
		b.send(several(b.link, a.link, 3));
		a.close();
		a.close();
		a.send(several(a.link, b.link, 3));
		await until('it closed', () => a.closes.length > 0);
		a.close();
		b.send(several(b.link, a.link, 3));
		await settled(() => a.received.length + b.received.length);
		assert.deepEqual([a.closes, a.received, b.received], [[undefined], [], []]);
	});

	linkTest('a link may be closed from within a delivery, and gives nothing after it', async ({ a, b }) => {
		a.onFrame = () => a.close();
		b.send(several(b.link, a.link, 1));
		await until('it closed', () => a.closes.length > 0);
		b.send(several(b.link, a.link, 3));
		await settled(() => a.received.length);
		assert.equal(a.received.length, 1);
	});

	linkTest('ref and unref may be called at any time', async ({ a, b }) => {
		a.link.unref();
		a.link.ref();
		a.link.ref();
		a.close();
		b.close();
		await until('it closed', () => a.closes.length > 0);
		a.link.unref();
		a.link.ref();
	});
}

async function divided({ a, b }: Place): Promise<void> {
	const segmentSize = 1000;
	const segment = numbered(a.link, b.link, 7, headerLength(a.link.medium) + (a.link.offloads.segmentation ?? 0));
	a.send([numbered(a.link, b.link, 6, leastLength(a.link)), segment], [undefined, { segmentSize }]);
	await until('both are there', () => b.received.length >= 2);
	await settled(() => b.received.length);
	if (b.received.length > 2) return;
	assert.deepEqual(b.received[1], { bytes: segment, info: { segmentSize } });
}

/** Of different lengths, numbered from 0. */
function several(from: Link, to: Link, count: number): Uint8Array[] {
	const least = leastLength(from);
	return Array.from({ length: count }, (_, number) =>
		numbered(from, to, number, least + ((number * 97) % (largest(from) - least))),
	);
}

function largest({ medium, mtu }: Link): number {
	return headerLength(medium) + mtu;
}
