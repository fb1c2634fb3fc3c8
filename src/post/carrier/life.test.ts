/** How a carrier begins and ends: lazily, in good order, at once, and never in between. */

import assert from 'node:assert/strict';
import { createServer, get } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { describe } from 'node:test';
import { until } from '../../testing/suite.ts';
import { codec } from '../message/codecs.ts';
import { frame } from '../message/framing.ts';
import { messages } from '../message/protocol.ts';
import { lines } from '../message/text-lines.ts';
import { closeAll, collect, onBothArms } from './arms-harness.ts';

const blobs = messages(frame.lengthPrefix(), codec.bytes());

describe('close', () => {
	onBothArms(
		'P-14 P-19 T-10-01 T-10-07 T-11-06 I-10.1-03 everything sent arrives, then the end; closed waits for the peer’s',
		async (arm) => {
			const { client, server } = await arm.pair(blobs);
			const sendings = Array.from({ length: 300 }, () => client.send(new Uint8Array(20_000)));
			const closing = client.close();
			assert.deepEqual([client.state, client.canSend], ['closing', false]);
			let over = false;
			void client.closed.then(() => (over = true));
			assert.equal((await collect(server)).length, 300);
			await closing;
			assert.deepEqual(await Promise.all(sendings), Array(300).fill('sent'));
			assert.equal(over, false, 'the peer has not ended');
			await server.close();
			assert.deepEqual(await client.closed, { by: 'local', error: undefined });
			await until('closed', () => server.state === 'closed');
		},
	);

	onBothArms('what a peer still sends after close() is dropped, so that its end is seen', async (arm) => {
		const { client, server } = await arm.pair(blobs);
		const closing = client.close();
		for (let index = 0; index < 50; index += 1) server.post(new Uint8Array(64 * 1024));
		await server.close();
		await closing;
		assert.equal((await client.closed).error, undefined);
		assert.equal(await client.receive(), undefined);
		await server.closed;
	});

	onBothArms('closeTimeout ends the wait for a peer that never reads: timed-out, with what was lost', async (arm) => {
		const place = await arm.rawServer((peer) => peer.flow.pause());
		const client = await arm.connect(place.port, { protocol: blobs, closeTimeout: 300 });
		for (let index = 0; index < 48; index += 1) client.post(new Uint8Array(2 ** 20));
		const last = client.send(new Uint8Array(10));
		await client.close();
		const { by, error } = await client.closed;
		assert.deepEqual([by, error?.code], ['local', 'timed-out']);
		assert.match(error!.message, /did not take its last \d{5,} bytes within 300 ms/);
		await assert.rejects(last, { code: 'send-failed' });
		for (const peer of place.peers) peer.flow.abort();
		await place.close();
	});

	onBothArms('T-10-09 closeTimeout resets a peer that never ends', async (arm) => {
		const place = await arm.rawServer();
		const client = await arm.connect(place.port, { protocol: lines(), closeTimeout: 300 });
		await client.send('hello');
		await client.close();
		const { by, error } = await client.closed;
		assert.deepEqual([by, error?.code], ['local', 'timed-out']);
		assert.match(error!.message, /did not end within 300 ms of close\(\); a reset ended it/);
		await until('the peer was told', () => place.peers.every(({ closed, ended }) => closed || ended));
		assert.equal(place.peers[0]!.text, 'hello\n');
		for (const peer of place.peers) peer.flow.abort();
		await place.close();
	});

	onBothArms('T-10-04 T-10-08 I-10.1-04 abort drops what waits, resets the peer, and says so', async (arm) => {
		const { client, server } = await arm.pair(blobs);
		while (client.post(new Uint8Array(256 * 1024)));
		const last = client.send(new Uint8Array(10));
		client.abort();
		assert.equal(client.state, 'closed');
		await assert.rejects(last, { code: 'send-failed', message: /was aborted; the message was not sent/ });
		assert.deepEqual(await client.closed.then(({ by, error }) => [by, error?.code]), ['local', 'aborted']);
		assert.deepEqual(await server.closed.then(({ by, error }) => [by, error?.code]), ['remote', 'reset']);
		await closeAll(client, server);
	});

	onBothArms('a stack that closes is us, not the peer', async (arm) => {
		const { client, server } = await arm.pair(lines());
		await arm.stack.close();
		for (const { closed } of [client, server]) {
			assert.deepEqual(await closed.then(({ by, error }) => [by, error?.code]), ['local', 'closed']);
		}
	});

	onBothArms('await using closes', async (arm) => {
		const pair = await arm.pair(lines());
		{
			await using client = pair.client;
			await using server = pair.server;
			await client.send('hello');
			assert.equal((await server.receive())!.content, 'hello');
		}
		await Promise.all([pair.client.closed, pair.server.closed]);
	});
});

describe('lazy', () => {
	onBothArms(
		'P-05 T-7.1-04 T-11-01 nothing is on the wire before the first message, which waits for the connection',
		async (arm) => {
			const place = await arm.rawServer();
			const carrier = await arm.connect<string, string>(place.port, { protocol: lines(), lazy: true });
			await arm.after(100);
			assert.deepEqual(
				[carrier.state, place.peers.length, carrier.transients.length, carrier.race],
				['dormant', 0, 0, undefined],
			);
			const sending = carrier.send('first');
			assert.equal(carrier.state, 'establishing');
			carrier.post('second');
			assert.equal(await sending, 'sent');
			assert.equal(carrier.state, 'active');
			assert.equal(carrier.race!.winner, '127.0.0.1');
			await until('they came', () => place.peers[0]?.text === 'first\nsecond\n');
			place.peers[0]!.write('reply\n');
			assert.equal((await carrier.receive())!.content, 'reply');
			place.peers[0]!.flow.end();
			await carrier.close();
			await place.close();
		},
	);

	onBothArms('T-9.2.5-01 `first` goes out with the establishment', async (arm) => {
		for (const lazy of [false, true]) {
			const place = await arm.rawServer();
			const carrier = await arm.connect(place.port, { protocol: lines(), lazy, first: 'first' });
			await carrier.send('second');
			await until('they came', () => place.peers[0]?.text === 'first\nsecond\n');
			place.peers[0]!.flow.end();
			await carrier.close();
			await place.close();
		}
	});

	onBothArms('close and abort while dormant and while establishing', async (arm) => {
		const place = await arm.rawServer((peer) => peer.flow.end());
		const lazy = () => arm.connect(place.port, { protocol: lines(), lazy: true });
		const dormant = await lazy();
		await dormant.close();
		assert.deepEqual(await dormant.closed, { by: 'local', error: undefined });
		const given = await lazy();
		given.abort();
		assert.equal((await given.closed).error?.code, 'aborted');
		assert.equal(place.peers.length, 0);
		const establishing = await lazy();
		const sending = establishing.send('lost');
		establishing.abort();
		await assert.rejects(sending, { code: 'send-failed' });
		const closing = await lazy();
		closing.post('kept');
		await closing.close();
		await until('it came', () => place.peers.some(({ text }) => text === 'kept\n'));
		assert.equal((await closing.closed).error, undefined);
		await place.close();
	});

	onBothArms('an establishment that fails fails what waits for it, and closes', async (arm) => {
		const place = await arm.rawServer();
		await place.close();
		const carrier = await arm.connect(place.port, { protocol: lines(), lazy: true });
		const [sending, request, receiving] = [carrier.send('x'), carrier.request('y'), carrier.receive()];
		await assert.rejects(
			sending,
			(error: Error & { code: string }) =>
				error.code === 'send-failed' && (error.cause as { code: string }).code === 'refused',
		);
		await assert.rejects(request, { code: 'refused' });
		await assert.rejects(receiving, { code: 'refused' });
		assert.deepEqual(await carrier.closed.then(({ by, error }) => [by, error?.code]), ['local', 'refused']);
	});

	onBothArms('mistakes throw at once, although nothing is opened yet', async (arm) => {
		const local = { local: { stack: arm.stack }, lazy: true } as const;
		await assert.rejects(arm.connect(9, { lazy: true, scheme: 'quic' }), { code: 'not-supported' });
		await assert.rejects(arm.connect(9, { lazy: true, scheme: 'https' }), { code: 'bad-argument' });
		await assert.rejects(arm.connect(9, { ...local, timeout: 0 }), { code: 'bad-argument' });
		await assert.rejects(arm.connect(9, { ...local, timeout: Number.NaN }), { code: 'bad-argument' });
		await assert.rejects(arm.connect(9, { ...local, protocol: lines(), first: 'two\nlines' }), {
			code: 'bad-argument',
		});
	});
});

describe('toDuplex', () => {
	onBothArms('P-25 hands over the connection: node:http works over it', async (arm) => {
		const listener = await arm.listen(lines());
		const http = createServer((request, response) => response.end(`you asked for ${request.url}`));
		const serving = listener.accept().then((carrier) => {
			const duplex = carrier!.toDuplex();
			duplex.allowHalfOpen = true;
			http.emit('connection', duplex);
			return carrier!.closed;
		});
		const carrier = await arm.connect(listener, { protocol: lines() });
		const duplex = carrier.toDuplex();
		assert.equal(duplex instanceof Socket, arm.name === 'kernel', 'the native socket where there is one');
		assert.deepEqual([carrier.state, await carrier.closed], ['closed', { by: 'local', error: undefined }]);
		const body = await new Promise<string>((resolve, reject) => {
			get({ createConnection: () => duplex as Socket, path: '/this' }, (response) => {
				let text = '';
				response.on('data', (data) => (text += data)).on('end', () => resolve(text));
			}).on('error', reject);
		});
		assert.equal(body, 'you asked for /this');
		await serving;
		duplex.destroy();
		http.close();
		await listener.close();
	});

	onBothArms('P-25 is refused once messages went either way, and after the end', async (arm) => {
		const { client, server } = await arm.pair(lines());
		client.post('x');
		assert.throws(() => client.toDuplex(), { code: 'bad-argument', message: /fresh carrier/ });
		await server.receive();
		assert.throws(() => server.toDuplex(), { code: 'bad-argument', message: /fresh carrier/ });
		await closeAll(client, server);
		const dormant = await arm.connect(9, { lazy: true });
		assert.throws(() => dormant.toDuplex(), { code: 'bad-argument', message: /dormant/ });
		await dormant.close();
	});

	onBothArms('later, before any message, it still works', async (arm) => {
		const { client, server } = await arm.pair(lines());
		await arm.after(50);
		const [a, b]: Duplex[] = [client.toDuplex(), server.toDuplex()];
		a!.end('hello');
		const got: Buffer[] = [];
		for await (const chunk of b!) got.push(chunk as Buffer);
		assert.equal(Buffer.concat(got).toString(), 'hello');
		a!.destroy();
		b!.destroy();
	});
});
