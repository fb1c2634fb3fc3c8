/** What a carrier does in good times: messages both ways, in order, sent and received as typed values. */

import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { until } from '../../testing/suite.ts';
import { codec } from '../message/codecs.ts';
import { frame } from '../message/framing.ts';
import { messages } from '../message/protocol.ts';
import { lines } from '../message/text-lines.ts';
import { selfSigned } from '../policy/self-signed.ts';
import { closeAll, collect, onBothArms } from './arms-harness.ts';

interface Question {
	readonly add: readonly number[];
}
interface Answer {
	readonly sum: number;
}

const sums = messages(frame.lengthPrefix(), codec.json<Answer, Question>());
const security = selfSigned();
const pinned = { security: { pin: security.fingerprint }, server: { security } };

describe('carriers', () => {
	for (const [scheme, options] of [
		['tcp', {}],
		['tls', pinned],
		['unix', {}],
	] as const) {
		onBothArms(`P-06 P-100 T-9.2-01 G-16 typed messages go both ways over ${scheme}`, async (arm) => {
			const { client, server } = await arm.pair(sums, { scheme, ...options });
			assert.equal(client.state, 'active');
			assert.equal(client.transients[0]!.transport, scheme);
			assert.equal(client.transients[0]!.security !== undefined, scheme === 'tls');
			server.onMessage(({ content }) => server.send({ sum: content.add.reduce((a, b) => a + b, 0) }));
			for (const add of [[1, 2], [19, 23], []]) {
				await client.send({ add });
				assert.equal(
					(await client.receive())!.content.sum,
					add.reduce((a, b) => a + b, 0),
				);
			}
			await closeAll(client, server);
			assert.deepEqual(
				[await client.closed, (await server.closed).error],
				[{ by: 'local', error: undefined }, undefined],
			);
		});
	}

	onBothArms(
		'T-9.2.2-01 T-9.2.2.1 T-11-03 each Sending settles once, as sent, in the order of the sends',
		async (arm) => {
			const { client, server } = await arm.pair(lines());
			const order: number[] = [];
			const sendings = Array.from({ length: 500 }, (_, index) => client.send(`${index}`));
			for (const sending of sendings) sending.then((outcome) => order.push(outcome === 'sent' ? sending.id : -1));
			await Promise.all(sendings);
			assert.deepEqual(
				order,
				sendings.map(({ id }) => id),
			);
			client.send('last', { final: true });
			assert.equal((await collect(server)).length, 501);
			await closeAll(client, server);
		},
	);

	onBothArms('T-9.2.2-03 a Sending can be awaited twice, caught, and cleaned up after', async (arm) => {
		const { client, server } = await arm.pair(lines());
		const sending = client.send('once');
		let cleaned = 0;
		const outcomes = await Promise.all([
			sending,
			sending,
			sending.then(),
			sending.catch(() => 'caught'),
			sending.finally(() => void (cleaned += 1)),
		]);
		assert.deepEqual([outcomes, cleaned], [Array(5).fill('sent'), 1]);
		assert.equal(await sending, 'sent', 'long after it settled');
		assert.equal(Object.prototype.toString.call(sending), '[object Sending]');
		await closeAll(client, server);
	});

	onBothArms('T-9.2.2-01 a message without bytes over a bare stream is sent too', async (arm) => {
		const { client, server } = await arm.pair(messages(frame.stream(), codec.bytes()));
		assert.equal(await client.send(new Uint8Array(0)), 'sent');
		assert.equal(await client.send(new Uint8Array(0), { final: true }), 'sent');
		const received = await server.receive();
		assert.deepEqual([received!.length, received!.complete], [0, true], 'the stream is one message, which has ended');
		await closeAll(client, server);
	});

	onBothArms('what cannot be sent throws at the caller, and the carrier lives on', async (arm) => {
		const { client, server } = await arm.pair(messages(frame.lines({ maxLength: 10 }), codec.text()));
		assert.throws(() => client.send('two\nlines'), { code: 'bad-argument' });
		assert.throws(() => client.send('much too long'), { code: 'too-large' });
		assert.throws(() => client.post(undefined as never), { code: 'bad-argument' });
		assert.throws(() => client.request('two\nlines'), { code: 'bad-argument' });
		await client.send('fine');
		assert.equal((await server.receive())!.content, 'fine');
		await closeAll(client, server);
	});

	onBothArms(
		'I-5.1.1-03 I-10.1-01 I-10.1-02 T-9.3.3.3-01 P-15 half-closed either way: final ends one direction only',
		async (arm) => {
			const { client, server } = await arm.pair(lines());
			await client.send('last words', { final: true });
			assert.deepEqual([client.canSend, client.canReceive, client.state], [false, true, 'active']);
			assert.deepEqual(await collect(server), ['last words']);
			assert.deepEqual([server.canSend, server.canReceive, server.state], [true, false, 'active']);
			await assert.rejects(client.send('more'), { code: 'closed', message: /its final message was sent/ });
			assert.equal(client.post('more'), false);
			await assert.rejects(client.request('more'), { code: 'closed' });
			await assert.rejects(server.request('more'), { code: 'closed', message: /no reply can come/ });
			for (let index = 0; index < 3; index += 1) await server.send(`answer ${index}`);
			assert.equal((await client.receive())!.content, 'answer 0');
			await server.send('end', { final: true });
			assert.deepEqual(await collect(client), ['answer 1', 'answer 2', 'end']);
			// Both directions have ended: that is all there is to a carrier.
			assert.equal((await client.closed).error, undefined);
			assert.equal((await server.closed).error, undefined);
		},
	);

	onBothArms('P-16 after the peer has closed, a carrier that is closed too refuses to be used', async (arm) => {
		const { client, server } = await arm.pair(lines());
		await closeAll(client, server);
		await client.closed;
		assert.equal(client.state, 'closed');
		await assert.rejects(client.send('late'), { code: 'closed', message: /it is closed/ });
		assert.equal(client.post('late'), false);
		assert.equal(await client.receive(), undefined);
		assert.deepEqual(await collect(client), []);
		assert.throws(() => client.toDuplex(), { code: 'bad-argument' });
		await assert.rejects(client.drained(), { code: 'closed' });
		await client.close();
		client.abort();
		client.ref().unref();
	});

	onBothArms('P-81 transients and the race are there to be looked at', async (arm) => {
		const { client, server } = await arm.pair(lines(), { scheme: 'tls', ...pinned });
		const [transient] = client.transients;
		assert.equal(transient!.stack, arm.name);
		assert.equal(transient!.remote, server.transients[0]!.local);
		assert.equal(transient!.local, server.transients[0]!.remote);
		assert.equal(transient!.security!.protocol, 'TLSv1.3');
		assert.equal(transient!.security!.peerFingerprint, security.fingerprint);
		assert.equal(client.race!.winner, '127.0.0.1');
		assert.equal(server.race, undefined);
		await closeAll(client, server);
		await until('closed', () => client.state === 'closed');
	});
});
