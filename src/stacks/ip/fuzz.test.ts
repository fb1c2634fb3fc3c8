import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { sumOf } from '../../wire/checksum.ts';
import { putUint16 } from '../../wire/network-order.ts';
import type { Inspection } from './inspection.ts';
import { end, Ground, type Lan, type LanLink, macOf } from './lan-harness.ts';
import { advertise } from './router-twin.ts';

const limits = {
	neighbors: 16,
	waiting: 4,
	reassemblies: 8,
	reassemblyBytes: 20_000,
	pathMtus: 8,
	routes: 40,
	addresses: 6,
	advertised: 4,
	localBytes: 10_000,
};

/** A stack with everything on, between a host and a router that talk to it, and a second link to forward to. */
async function place(forward: boolean) {
	const ground = new Ground();
	const lan = ground.lan();
	const far = ground.lan();
	const near = lan.link(1);
	const automatic = { dhcp: true, autoconfiguration: true, linkLocal: true };
	const subject = ground.stack([near, far.link(3, 'eth1')], {
		interfaces: {
			eth0: { ...automatic, addresses: ['192.0.2.1/24', '2001:db8::1/64'], duplicateDetection: { transmits: 0 } },
			eth1: { dhcp: false, addresses: ['198.51.100.1/24', '2001:db8:1::1/64'] },
		},
		forward,
		limits,
	});
	const other = ground.stack(lan.link(2), { addresses: ['192.0.2.2/24', '2001:db8::2/64'] });
	const ports = [
		await ground.port('four', subject, '0.0.0.0:5353', { group: { address: end('224.0.0.251:0').address } }),
		await ground.port('plain', subject, '0.0.0.0:2000'),
		await ground.port('six', subject, '[::]:2000'),
		await ground.port('connected', subject, '192.0.2.1:3000', { remote: end('192.0.2.2:4000') }),
	];
	const asks = await ground.port('other', other, '192.0.2.2:4000');
	asks.send(new Uint8Array(10), end('192.0.2.1:2000'));
	asks.send(new Uint8Array(3000), end('192.0.2.1:3000'));
	const asks6 = await ground.port('other', other, '[2001:db8::2]:4000');
	asks6.send(new Uint8Array(3000), end('[2001:db8::1]:2000'));
	ports[3]!.send(new Uint8Array(10), undefined);
	other.ping({ family: 6 }).send(end('[2001:db8::1]:0').address, { sequence: 1 });
	advertise(lan, [], {});
	await ground.pass(3000);
	return { ground, lan, near, subject };
}

function bounded({ neighbors, routes, pathMtus, reassembling, interfaces, sockets }: Inspection): void {
	assert.ok(neighbors.length <= 2 * limits.neighbors, 'neighbours');
	assert.ok(routes.length <= limits.routes, 'routes');
	assert.ok(pathMtus.length <= limits.pathMtus, 'path MTUs');
	assert.ok(reassembling.datagrams <= limits.reassemblies && reassembling.bytes <= limits.reassemblyBytes, 'fragments');
	for (const { addresses, groups } of interfaces)
		assert.ok(addresses.length <= limits.addresses && groups.length <= 10);
	assert.equal(sockets.length, 4);
}

/** Of real frames: some bytes changed, cut or stretched, and then perhaps with checksums that are right again. */
function mutant(frames: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> {
	return fc
		.record({
			frame: fc.nat(frames.length - 1),
			changes: fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 5 }),
			length: fc.option(fc.nat(200), { freq: 5 }),
			mend: fc.boolean(),
			toUs: fc.boolean(),
		})
		.map(({ frame, changes, length, mend, toUs }) => {
			const original = frames[frame]!;
			const bytes = new Uint8Array(length ?? original.length);
			bytes.set(original.subarray(0, bytes.length));
			for (const [at, value] of changes) if (bytes.length > 0) bytes[at % bytes.length] = value;
			if (toUs && bytes.length >= 12) {
				bytes.set(macOf(1).bytes);
				bytes.set(macOf(2).bytes, 6);
			}
			if (mend) repair(bytes);
			return bytes;
		});
}

/** Makes the checksums of IPv4, ICMP and UDP right, as far as the frame has them. */
function repair(bytes: Uint8Array): void {
	if (bytes.length < 54) return;
	const six = bytes[14]! >> 4 === 6;
	const start = six ? 54 : 14 + ((bytes[14]! & 15) << 2);
	if (!six) {
		putUint16(bytes, 16, bytes.length - 14);
		putUint16(bytes, 24, 0);
		putUint16(bytes, 24, ~sumOf(bytes, 14, Math.min(start, bytes.length)) & 0xffff);
	} else putUint16(bytes, 18, bytes.length - 54);
	const protocol = six ? bytes[20]! : bytes[23]!;
	const at = start + ({ 1: 2, 2: 2, 58: 2, 17: 6 }[protocol] ?? 1000);
	if (at + 2 > bytes.length) return;
	const length = bytes.length - start;
	const pseudo = sumOf(bytes, six ? 22 : 26, six ? 54 : 34, protocol + length);
	if (protocol === 17) putUint16(bytes, start + 4, length);
	putUint16(bytes, at, 0);
	putUint16(bytes, at, ~sumOf(bytes, start, bytes.length, protocol === 1 || protocol === 2 ? 0 : pseudo) & 0xffff);
}

function give(link: LanLink, frame: Uint8Array): void {
	const lent = frame.slice();
	link.handler.onFrames([lent]);
	lent.fill(0xee);
}

function realFrames(lan: Lan): Uint8Array[] {
	return lan.frames.map(({ frame }) => frame);
}

for (const forward of [false, true]) {
	test(`frames that are anything never throw, and never make ${forward ? 'a router' : 'a host'} grow`, async () => {
		const { ground, lan, near, subject } = await place(forward);
		const frames = realFrames(lan);
		const kinds = new Set(
			frames.map((frame) => `${frame[12]} ${frame[13]} ${frame[14]! >> 4 === 6 ? frame[20] : frame[23]}`),
		);
		assert.ok(kinds.size >= 6, [...kinds].join());
		const thrown: unknown[] = [];
		const soon = ground.clock.soon.bind(ground.clock);
		// What is thrown while a frame is handled is thrown again in a turn of its own: here it is caught.
		ground.clock.soon = (run) =>
			soon(() => {
				try {
					run();
				} catch (error) {
					thrown.push(error);
				}
			});
		const anything = fc.oneof(
			{ weight: 1, arbitrary: fc.uint8Array({ maxLength: 120 }) },
			{ weight: 9, arbitrary: mutant(frames) },
		);
		for (const list of fc.sample(fc.array(anything, { minLength: 20, maxLength: 40 }), {
			numRuns: 150,
			seed: 77 + Number(forward),
		})) {
			for (const frame of list) give(near, frame);
			await ground.pass(50);
			bounded(subject.inspect());
			lan.frames.length = 0;
		}
		assert.deepEqual(thrown, []);
		await ground.pass(120_000);
		bounded(subject.inspect());
		assert.deepEqual(subject.inspect().reassembling, { bytes: 0, datagrams: 0 });
	});
}

test('a sweep over every address of the link leaves the neighbours that answer in place', async () => {
	const ground = new Ground();
	const lan = ground.lan();
	const a = ground.stack(lan.link(1), { addresses: ['10.0.0.1/8', '2001:db8::1/64'], limits });
	ground.stack(lan.link(2), { addresses: ['10.0.0.2/8'] });
	const port = await ground.port('a', a, '0.0.0.0:2000');
	port.send(new Uint8Array(1), end('10.0.0.2:9'));
	await ground.pass(100);
	lan.frames.length = 0;
	for (let index = 0; index < 5000; index += 1)
		port.send(new Uint8Array(1), end(`10.1.${index >> 8}.${index & 255}:9`));
	await ground.pass(900);
	const { neighbors } = a.inspect();
	assert.equal(neighbors.length, limits.neighbors);
	assert.ok(neighbors.some(({ address, mac }) => address === '10.0.0.2' && mac !== undefined));
	assert.ok(lan.frames.length <= 200, `${lan.frames.length} questions in a second`);
});

test('a flood of errors is answered by few', async () => {
	const ground = new Ground();
	const lan = ground.lan();
	const a = ground.stack(lan.link(1), { addresses: ['192.0.2.1/24'] });
	ground.stack(lan.link(2), { addresses: ['192.0.2.2/24'] });
	const port = await ground.port('a', a, '0.0.0.0:2000');
	for (let index = 0; index < 500; index += 1) {
		port.send(new Uint8Array(1), end('192.0.2.2:9'));
		await ground.pass(2);
	}
	const errors = lan.frames.filter(({ frame }) => frame[12] === 8 && frame[13] === 0 && frame[23] === 1);
	assert.ok(errors.length >= 140 && errors.length <= 155, `${errors.length} errors in a second`);
});

test('errors about what was never sent are not believed', async () => {
	const ground = new Ground();
	const lan = ground.lan();
	const a = ground.stack(lan.link(1), { addresses: ['192.0.2.1/24'] });
	const port = await ground.port('a', a, '192.0.2.1:2000', { remote: end('192.0.2.2:3000') });
	const quote = (sourcePort: number, destinationPort: number, source = 1) => {
		const packet = new Uint8Array(28);
		packet.set([0x45, 0, 0x05, 0xdc, 0, 0, 0x40, 0, 64, 17, 0, 0, 192, 0, 2, source, 192, 0, 2, 2]);
		putUint16(packet, 20, sourcePort);
		putUint16(packet, 22, destinationPort);
		return packet;
	};
	const tell = (packet: Uint8Array, code: number, mtu: number) => {
		const frame = new Uint8Array(14 + 28 + packet.length);
		frame.set([
			...macOf(1).bytes,
			...macOf(2).bytes,
			8,
			0,
			0x45,
			0,
			0,
			28 + packet.length,
			0,
			0,
			0,
			0,
			64,
			1,
			0,
			0,
			192,
			0,
			2,
			2,
			192,
			0,
			2,
			1,
			3,
			code,
		]);
		putUint16(frame, 40, mtu);
		frame.set(packet, 42);
		repair(frame);
		lan.carry(undefined, frame);
	};
	tell(quote(2001, 3000), 4, 600);
	tell(quote(2000, 3001), 4, 600);
	tell(quote(2000, 3000, 7), 4, 600);
	tell(quote(2000, 3001), 3, 0);
	await ground.pass(10);
	assert.deepEqual([ground.heard(), a.inspect().pathMtus], [[], []]);
	assert.equal(a.inspect().counters.unsolicited, 4);
	tell(quote(2000, 3000), 4, 100);
	tell(quote(2000, 3000), 3, 0);
	await ground.pass(10);
	assert.deepEqual(ground.heard(), ['a error refused']);
	assert.deepEqual(a.inspect().pathMtus, [{ destination: '192.0.2.2', mtu: 576 }]);
	port.close();
});
