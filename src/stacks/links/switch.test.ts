import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MacAddress } from '../../base/mac-address.ts';
import { virtualClock } from '../../base/virtual-clock.ts';
import type { Link } from '../../stack/link.ts';
import { linkSuite } from '../../testing/link-suite.ts';
import { type Ear, ear, frameOf, numberOf, pause } from './links-harness.ts';
import { linkPair } from './pair.ts';
import { type EthernetSwitchOptions, ethernetSwitch } from './switch.ts';

linkSuite('links of a switch', () => {
	const clock = virtualClock();
	const { network, links } = ground(3, {}, clock);
	return { links: [links[0]!, links[1]!], close: () => network.close(), open: () => clock.pending };
});

/** A switch with stations 1, 2, ...; a frame is `from > to`, where to is a station, `all` or an address. */
function ground(count: number, options: EthernetSwitchOptions = {}, clock = virtualClock()) {
	const network = ethernetSwitch({ clock, ...options });
	const links: Link[] = [];
	const ears: Ear[] = [];
	for (let station = 1; station <= count; station += 1) {
		const addresses = [address(station), address(100 + station)] as const;
		const [host, port] = linkPair({ clock, name: `host${station}`, addresses });
		network.attach(port);
		links.push(host);
		ears.push(ear(host, clock));
	}
	let number = 0;
	/** Sends from a station to an address, and says which stations have heard it. */
	async function send(from: number, to: MacAddress, source = address(from)): Promise<number[]> {
		number += 1;
		links[from - 1]!.send([ethernetFrame(to, source, number)]);
		await pause(clock, 0);
		await pause(clock, 0);
		return ears.flatMap(({ frames }, index) => (frames.some((frame) => numberOf(frame) === number) ? [index + 1] : []));
	}
	return { clock, network, links, ears, send };
}

function address(station: number): MacAddress {
	return MacAddress.from(Uint8Array.of(2, 0, 0, 0, station >> 8, station));
}

function ethernetFrame(to: MacAddress, from: MacAddress, number: number): Uint8Array {
	const frame = frameOf(number);
	to.copyTo(frame, 0);
	from.copyTo(frame, 6);
	return frame;
}

test('an unknown destination is flooded, a known one is not, and a move is noticed', async () => {
	const { network, send } = ground(4);
	assert.deepEqual(await send(1, address(2)), [2, 3, 4]);
	assert.deepEqual(await send(2, address(1)), [1]);
	assert.deepEqual(await send(1, address(2)), [2]);
	assert.deepEqual(await send(3, address(1), address(2)), [1], 'station 2 is at port 3 now');
	assert.deepEqual(await send(1, address(2)), [3]);
	assert.deepEqual(network.counters, { received: 5, forwarded: 4, flooded: 1, filtered: 0, malformed: 0 });
	assert.deepEqual(
		network.stations.map((one) => `${one.address} ${one.link}`),
		['02:00:00:00:00:02 host3-b', '02:00:00:00:00:01 host1-b'],
	);
});

test('groups are flooded, but for those of one cable; nothing goes back where it came from', async () => {
	const { network, send } = ground(3);
	assert.deepEqual(await send(1, MacAddress.broadcast), [2, 3]);
	assert.deepEqual(await send(1, MacAddress.parse('33:33:00:00:00:01')), [2, 3]);
	assert.deepEqual(await send(1, MacAddress.parse('01:80:c2:00:00:00')), []);
	assert.deepEqual(await send(1, MacAddress.parse('01:80:c2:00:00:0f')), []);
	assert.deepEqual(await send(1, MacAddress.parse('01:80:c2:00:00:10')), [2, 3]);
	assert.deepEqual(await send(1, address(1)), []);
	assert.deepEqual(await send(1, address(2), MacAddress.broadcast), []);
	assert.deepEqual(network.counters, { received: 7, forwarded: 0, flooded: 3, filtered: 3, malformed: 1 });
});

test('a silent station is forgotten', async () => {
	const { clock, network, send } = ground(3, { ageing: 1000 });
	await send(2, address(1));
	await pause(clock, 900);
	await send(2, address(1));
	await pause(clock, 1000);
	assert.deepEqual(await send(1, address(2)), [2]);
	await pause(clock, 1);
	assert.deepEqual(await send(1, address(2)), [2, 3]);
	assert.deepEqual(network.stations.length, 1);
});

test('the table is bounded: the longest silent station goes', async () => {
	const { network, send } = ground(3, { stations: 3 });
	for (const station of [11, 12, 13, 11, 14]) await send(1, address(2), address(station));
	assert.deepEqual(
		network.stations.map((one) => one.address.toString().slice(-2)),
		['0d', '0b', '0e'],
	);
	assert.deepEqual(await send(2, address(12)), [1, 3]);
	assert.deepEqual(await send(2, address(11)), [1], 'who was heard again stayed');
});

test('a link that closes takes its stations with it', async () => {
	const { clock, network, links, send } = ground(3);
	await send(2, address(1));
	links[1]!.close();
	await pause(clock, 1);
	assert.deepEqual(network.stations, []);
	assert.deepEqual(await send(1, address(2)), [3]);
	network.close();
	await pause(clock, 1);
	assert.deepEqual(
		links.map(({ up }) => up),
		[false, false, false],
	);
	assert.throws(() => network.attach(linkPair({ clock })[0]), { code: 'bad-argument' });
});

test('a batch stays in order and one batch per port; infos go along', async () => {
	const clock = virtualClock();
	const network = ethernetSwitch({ clock });
	const offloads = { segmentation: 65_535 };
	const [from, portA] = linkPair({ clock, name: 'a', offloads });
	const [to, portB] = linkPair({ clock, name: 'b', offloads });
	network.attach(portA);
	network.attach(portB);
	const heard = ear(to, clock);
	const frames = [1, 2, 3, 4].map((number) =>
		ethernetFrame(number % 2 ? MacAddress.broadcast : address(9), address(1), number),
	);
	from.send(frames, [undefined, { segmentSize: 5 }, undefined, undefined]);
	await pause(clock, 1);
	assert.deepEqual(heard.log, ['0 1,2,3,4']);
	assert.deepEqual(heard.infos, [undefined, { segmentSize: 5 }, undefined, undefined]);
	assert.throws(() => network.attach(linkPair({ clock, medium: 'ip' })[0]), { code: 'bad-argument' });
});

test('whatever arrives, nothing throws, the table keeps its bound, and every frame is counted once', async () => {
	await fc.assert(
		fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 60 }), async (frames) => {
			const { clock, network, links } = ground(2, { stations: 4 });
			links[0]!.send(frames);
			await pause(clock, 1);
			const { received, forwarded, flooded, filtered, malformed } = network.counters;
			assert.equal(received, frames.filter(({ length }) => length > 0).length);
			assert.equal(received, forwarded + flooded + filtered + malformed);
			assert.ok(network.stations.length <= 4);
		}),
	);
});
