/** What a listener of datagrams lets out, to peers whose addresses nobody has proven. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { IpAddress } from '../../base/address.ts';
import type { PostSocketsError } from '../../base/errors.ts';
import type { IpEndpoint } from '../../base/socket-address.ts';
import { virtualClock } from '../../base/virtual-clock.ts';
import type { Flow } from '../../stack/flow.ts';
import type { Port } from '../../stack/port.ts';
import { turns } from '../../testing/suite.ts';
import { DatagramListener } from './datagram-listener.ts';

const headers = 28;
const peer = { address: IpAddress.parse('192.0.2.1'), port: 4_000 };

/** A listener over a port that remembers what was sent. */
function ground(amplification?: number) {
	const sent: { bytes: Uint8Array; to: IpEndpoint | undefined }[] = [];
	const flows: Flow[] = [];
	const clock = virtualClock();
	const port: Port = {
		local: { address: IpAddress.any4, port: 9 },
		remote: undefined,
		handler: { onDatagram() {}, onError() {}, onClose() {} },
		send(bytes, to, done) {
			sent.push({ bytes, to });
			clock.soon(() => done?.());
		},
		close: () => clock.soon(() => port.handler.onClose(undefined)),
		ref() {},
		unref() {},
	};
	const listener = new DatagramListener(
		port,
		clock,
		{ onFlow: (flow) => void flows.push(flow), onClose() {} },
		amplification,
	);
	const receive = (length: number, from: IpEndpoint = peer) => port.handler.onDatagram(new Uint8Array(length), from);
	return { listener, sent, flows, receive };
}

function write(flow: Flow, length: number): Promise<PostSocketsError | undefined> {
	return new Promise((resolve) => void flow.write([new Uint8Array(length)], resolve));
}

describe('datagram listener', () => {
	test('with an amplification no more goes to a peer than that many times what came', async () => {
		const { sent, flows, receive } = ground(3);
		receive(10);
		const [flow] = flows as [Flow];
		const most = 3 * (headers + 10) - headers;
		const refused = await write(flow, most + 1);
		assert.equal(refused?.code, 'too-large');
		assert.match(refused!.message, /3 times what came from 192\.0\.2\.1:4000.*`amplification`/);
		assert.equal(await write(flow, most), undefined);
		assert.equal((await write(flow, 0))?.code, 'too-large', 'it is used up');
		receive(0);
		assert.equal(await write(flow, 2 * headers), undefined, 'more came');
		assert.equal(sent.length, 2);
		receive(1, { ...peer, port: 4_001 });
		assert.equal((await write(flows[1]!, 1_000))?.code, 'too-large', 'every peer has its own');
	});

	test('without one there is no limit', async () => {
		const { flows, receive } = ground();
		receive(0);
		assert.equal(await write(flows[0]!, 60_000), undefined);
	});

	test('the bound holds whatever comes and goes', () =>
		fc.assert(
			fc.asyncProperty(
				fc.integer({ min: 1, max: 10 }),
				fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 2_000 })), { maxLength: 30 }),
				async (amplification, steps) => {
					const { sent, flows, receive } = ground(amplification);
					let [came, went] = [headers, 0];
					receive(0);
					for (const [out, length] of steps) {
						if (!out) {
							receive(length);
							came += headers + length;
							continue;
						}
						const fits = went + headers + length <= amplification * came;
						assert.equal((await write(flows[0]!, length))?.code, fits ? undefined : 'too-large');
						if (fits) went += headers + length;
					}
					assert.equal(
						sent.reduce((sum, { bytes }) => sum + headers + bytes.length, 0),
						went,
					);
					assert.ok(went <= amplification * came);
				},
			),
			{ numRuns: 50 },
		));

	test('what nobody can have sent opens no flow', async () => {
		const { flows, receive } = ground();
		for (const port of [0, 7, 11, 13, 17, 19, 37]) receive(1, { ...peer, port });
		for (const address of ['239.255.0.1', 'ff02::1', '255.255.255.255', '::ffff:255.255.255.255', '0.0.0.0', '::']) {
			receive(1, { address: IpAddress.parse(address), port: 4_000 });
		}
		await turns();
		assert.equal(flows.length, 0);
		for (const port of [1, 53, 123, 65_535]) receive(1, { ...peer, port });
		assert.equal(flows.length, 4);
	});
});
