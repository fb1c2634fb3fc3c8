/** The contract of `Port` as tests: `portSuite('my ports', make)` in a test file runs them on those of your stack. */

import assert from 'node:assert/strict';
import { formatSocketAddress, sameSocketAddress } from '../base/socket-address.ts';
import { declareMulticast, Groups } from './port-multicast.ts';
import { datagram, Place, type PortFixture } from './port-probe.ts';
import { rejection, type SuiteOptions, settled, suite, turns, until } from './suite.ts';

export type { PortFixture } from './port-probe.ts';

export function portSuite(name: string, make: () => Promise<PortFixture>, options: SuiteOptions = {}): void {
	suite(name, options, async (declare) => {
		const { stack, multicast } = await make();
		const { features } = stack;
		await stack.close();
		for (const family of [4, 6] as const) {
			const there = family === 4 ? features.ipv4 : features.ipv6;
			const missing = there ? undefined : `this stack has no IPv${family}`;
			const by = family === 4 ? multicast?.ipv4 : multicast?.ipv6;
			function portTest(title: string, body: (place: Place) => Promise<void>, skip = missing): void {
				declare(
					`udp${family}: ${title}`,
					async () => {
						const fixture = await make();
						const place = new Place(fixture, family);
						try {
							await body(place);
						} finally {
							await fixture.stack.close();
						}
						await until('every port closed', () => place.ends.every((end) => end.closes.length > 0));
						await turns(3);
						assert.deepEqual(
							place.ends.flatMap((end) => end.breaches),
							[],
						);
						assert.equal(fixture.open?.() ?? 0, 0, 'something is left open');
					},
					skip,
				);
			}
			declarePorts(portTest);
			declareMulticast((title, body) =>
				portTest(
					title,
					(place) => body(new Groups(place, family, by ?? '')),
					missing ?? (by === undefined ? `the fixture names no interface for IPv${family} multicast` : undefined),
				),
			);
		}
	});
}

type PortTest = (title: string, body: (place: Place) => Promise<void>) => void;

function declarePorts(portTest: PortTest): void {
	portTest('a port says where it really is', async (place) => {
		const { port } = await place.bind();
		assert.ok(port.local.address.equals(place.address));
		assert.notEqual(port.local.port, 0);
		assert.equal(port.remote, undefined);
		const peer = (await place.bind({ remote: port.local })).port;
		assert.ok(peer.remote && sameSocketAddress(peer.remote, port.local));
	});

	portTest('datagrams go both ways and keep their boundaries', async (place) => {
		const [a, b] = [await place.bind(), await place.bind()];
		for (const [index, length] of [1, 0, 512, 1200, 2].entries()) {
			a.send(datagram(index, length), b.port.local);
			await until('it is there', () => b.received.length === index + 1);
			const { bytes, from } = b.received[index]!;
			assert.deepEqual(bytes, datagram(index, length));
			assert.ok(sameSocketAddress(from, a.port.local), formatSocketAddress(from));
			b.send(bytes, from);
			await until('its echo is there', () => a.received.length === index + 1);
			assert.deepEqual(a.received[index]!.bytes, datagram(index, length));
		}
		await until('every done came', () => a.dones.length === 5 && b.dones.length === 5);
		assert.deepEqual([a.failed(), b.failed()], [0, 0]);
	});

	portTest('a burst of a thousand datagrams loses some at most, and spoils none', async (place) => {
		const [a, b] = [await place.bind(), await place.bind()];
		for (let index = 0; index < 1000; index += 1) a.send(datagram(index, 1000), b.port.local);
		await until('every done came', () => a.dones.length === 1000);
		await settled(() => b.received.length);
		assert.ok(b.received.length > 0);
		const numbers = b.numbers();
		assert.equal(new Set(numbers).size, numbers.length, 'a datagram came twice');
		for (const [index, { bytes }] of b.received.entries()) assert.deepEqual(bytes, datagram(numbers[index]!, 1000));
	});

	portTest('a connected port sends to its peer, and hears nobody else', async (place) => {
		const [peer, stranger] = [await place.bind(), await place.bind()];
		const connected = await place.bind({ remote: peer.port.local });
		stranger.send(datagram(1, 10), connected.port.local);
		await until('it was sent', () => stranger.dones.length === 1);
		connected.send(datagram(2, 10), undefined);
		await until('the peer has it', () => peer.received.length === 1);
		peer.send(datagram(3, 10), connected.port.local);
		await until('the peer was heard', () => connected.received.length > 0);
		await settled(() => connected.received.length);
		assert.deepEqual(
			connected.received.map(({ bytes }) => bytes),
			[datagram(3, 10)],
		);
	});

	portTest('send without a destination throws unless the port is connected', async (place) => {
		const { port } = await place.bind();
		assert.throws(() => port.send(datagram(0, 1), undefined), { code: 'bad-argument' });
	});

	portTest('a connected port hears that nobody is there, and lives on', async (place) => {
		const gone = await place.bind();
		const remote = gone.port.local;
		gone.port.close();
		await until('it is gone', () => gone.closes.length === 1);
		const connected = await place.bind({ remote });
		connected.send(datagram(0, 10), undefined);
		await until('the refusal is there', () => connected.errors.length > 0);
		assert.equal(connected.errors[0]?.code, 'refused');
		const back = await place.bind({}, remote);
		await until('a datagram gets through', () => {
			connected.send(datagram(1, 10), undefined);
			return back.received.length > 0;
		});
		assert.deepEqual(connected.closes, []);
	});

	portTest('a datagram that is too large fails alone', async (place) => {
		const [a, b] = [await place.bind(), await place.bind()];
		a.send(new Uint8Array(70_000), b.port.local);
		a.send(datagram(0, 10), b.port.local);
		await until('the small one is there', () => b.received.length > 0);
		await until('both dones came', () => a.dones.length === 2);
		assert.deepEqual(a.dones.map((error) => error?.code).sort(), ['too-large', undefined]);
		assert.deepEqual(
			b.received.map(({ bytes }) => bytes),
			[datagram(0, 10)],
		);
	});

	portTest('two ports cannot have one address, unless they share it', async (place) => {
		const { port } = await place.bind();
		const error = await rejection(place.bind({}, port.local), 'address-in-use');
		assert.equal(error.local, formatSocketAddress(port.local));
		assert.equal(error.operation, 'bind');
		const shared = await place.bind({ shared: true });
		await place.bind({ shared: true }, shared.port.local);
	});

	portTest('a port that closes frees its address and calls every done once', async (place) => {
		const [a, b] = [await place.bind(), await place.bind()];
		for (let index = 0; index < 10; index += 1) a.send(datagram(index, 100), b.port.local);
		a.close();
		a.close();
		await until('it closed', () => a.closes.length === 1);
		a.send(datagram(0, 10), b.port.local);
		a.close();
		await until('every done came', () => a.dones.length === 11);
		assert.equal(a.dones.at(-1)?.code, 'closed');
		assert.deepEqual(a.closes, [undefined]);
		await place.bind({}, a.port.local);
		a.port.ref();
		a.port.unref();
	});

	portTest('a signal that has already fired aborts bind', async (place) => {
		const reason = new Error('changed my mind');
		const error = await rejection(place.bind({ signal: AbortSignal.abort(reason) }), 'aborted');
		assert.equal(error.cause, reason);
	});

	portTest('closing the stack closes its ports, and none can be bound any more', async (place) => {
		const end = await place.bind();
		await place.fixture.stack.close();
		await until('it closed', () => end.closes.length === 1);
		assert.ok(end.closes[0], 'an end that nobody asked for is an error');
		await rejection(place.bind(), 'closed');
	});
}
