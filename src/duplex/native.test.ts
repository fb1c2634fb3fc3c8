/** What is handed out goes into the libraries that want a socket: the real one, and both kinds of FlowDuplex. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, type ClientRequestArgs, createServer, request } from 'node:http';
import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { describe, test } from 'node:test';
import { connect as connectTls, createServer as createTlsServer, TLSSocket } from 'node:tls';
import { IpAddress } from '../base/address.ts';
import { deaf, type Flow } from '../stack/flow.ts';
import type { Acceptor, Dialer, StackBase } from '../stack/stack.ts';
import { kernel } from '../stacks/kernel/kernel.ts';
import { memory } from '../stacks/memory/memory.ts';
import { testPki } from '../testing/certificates.ts';
import { settled, turns, until } from '../testing/suite.ts';
import { FlowDuplex, type FlowDuplexOptions } from './flow-duplex.ts';
import { duplexOf, takeDuplex } from './native.ts';

interface Way {
	readonly name: string;
	stack(): StackBase & Dialer & Acceptor;
	duplex(flow: Flow, options?: FlowDuplexOptions): Duplex;
}

const ways: readonly Way[] = [
	{ name: 'the native socket of the kernel', stack: () => kernel(), duplex: duplexOf },
	{ name: 'the same without internals', stack: () => kernel({ internals: false }), duplex: duplexOf },
	{
		name: 'a FlowDuplex over the kernel',
		stack: () => kernel(),
		duplex: (flow, options) => new FlowDuplex(flow, options),
	},
	{ name: 'a FlowDuplex over memory', stack: () => memory(), duplex: duplexOf },
];

/** Dials and accepts duplexes. */
class Ground {
	readonly #way: Way;
	readonly #stack: StackBase & Dialer & Acceptor;
	readonly #signal = new AbortController().signal;

	constructor(way: Way) {
		this.#way = way;
		this.#stack = way.stack();
	}

	/** Gives every connection to `accept`; returns a dialer. */
	async listen(accept: (duplex: Duplex) => void): Promise<() => Promise<Duplex>> {
		const onFlow = (flow: Flow) => accept(this.#way.duplex(flow, { allowHalfOpen: true }));
		const { local } = await this.#stack.listen(
			{ address: IpAddress.loopback4, port: 0 },
			{ handler: { onFlow, onClose() {} }, signal: this.#signal },
		);
		return async () => this.#way.duplex(await this.#stack.connect(local, { signal: this.#signal }));
	}

	async pair(): Promise<[client: Duplex, server: Duplex]> {
		const accepted = Promise.withResolvers<Duplex>();
		const dial = await this.listen(accepted.resolve);
		return [await dial(), await accepted.promise];
	}

	close(): Promise<void> {
		return this.#stack.close();
	}
}

async function text(stream: AsyncIterable<unknown>): Promise<string> {
	let all = '';
	for await (const chunk of stream) all += String(chunk);
	return all;
}

function hello() {
	const server = createServer((incoming, response) => {
		void text(incoming).then((body) => response.end(`hello ${incoming.url} ${body}`));
	});
	return { server, accept: (duplex: Duplex) => void server.emit('connection', duplex) };
}

async function get(options: ClientRequestArgs, body = ''): Promise<{ answer: string; reused: boolean }> {
	const outgoing = request({ host: 'api.test', method: 'POST', ...options });
	outgoing.end(body);
	const [response] = await once(outgoing, 'response');
	return { answer: await text(response), reused: outgoing.reusedSocket };
}

for (const way of ways) {
	describe(way.name, () => {
		function groundTest(title: string, body: (ground: Ground) => Promise<void>): void {
			test(title, { timeout: 30_000 }, async () => {
				const ground = new Ground(way);
				try {
					await body(ground);
				} finally {
					await ground.close();
				}
			});
		}

		groundTest('http.request by createConnection, and http.Server by its connection event', async (ground) => {
			const { server, accept } = hello();
			const dial = await ground.listen(accept);
			const duplex = await dial();
			const big = 'x'.repeat(1_000_000);
			const { answer } = await get({ path: '/a', createConnection: () => duplex }, big);
			assert.equal(answer, `hello /a ${big}`);
			// Without an agent the request closes its connection, and the server its own.
			await until('the client closed', () => duplex.destroyed);
			server.close();
		});

		groundTest('http.Agent with keepAlive uses it again', async (ground) => {
			const { server, accept } = hello();
			const dial = await ground.listen(accept);
			class Dialing extends Agent {
				override createConnection(
					_options: ClientRequestArgs,
					callback?: (error: Error | null, stream: Duplex) => void,
				) {
					void dial().then((duplex) => callback?.(null, duplex));
					return undefined;
				}
			}
			const agent = new Dialing({ keepAlive: true, maxSockets: 1 });
			for (const path of ['/1', '/2', '/3']) {
				assert.deepEqual(await get({ path, agent }), { answer: `hello ${path} `, reused: path !== '/1' });
			}
			agent.destroy();
			server.closeAllConnections();
		});

		groundTest('an upgrade keeps the bytes that came with it', async (ground) => {
			const server = createServer();
			server.on('upgrade', (_request, socket: Duplex, head: Buffer) => {
				socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n');
				socket.write(head);
				socket.pipe(socket);
			});
			const duplex = await (await ground.listen((accepted) => void server.emit('connection', accepted)))();
			duplex.write('GET / HTTP/1.1\r\nHost: api.test\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\nhead ');
			let received = '';
			duplex.on('data', (chunk) => void (received += String(chunk)));
			await until('the head came back', () => received.endsWith('head '));
			duplex.end('tail');
			await once(duplex, 'end');
			assert.ok(received.endsWith('head tail'));
		});

		groundTest('http2 in the clear', async (ground) => {
			const server = createHttp2Server((incoming, response) => response.end(`hello ${incoming.url}`));
			const duplex = await (await ground.listen((accepted) => void server.emit('connection', accepted)))();
			const session = connectHttp2('http://api.test', { createConnection: () => duplex });
			const answers = Array.from({ length: 20 }, (_, index) => text(session.request({ ':path': `/${index}` })));
			assert.deepEqual(
				await Promise.all(answers),
				answers.map((_, index) => `hello /${index}`),
			);
			session.close();
			await once(session, 'close');
		});

		groundTest('tls.connect and TLSSocket over it', async (ground) => {
			const { ca, issue } = testPki();
			const [client, server] = await ground.pair();
			const b = new TLSSocket(server, { isServer: true, ...issue({ names: ['api.test'] }) });
			const a = connectTls({ socket: client, ca, servername: 'api.test', ALPNProtocols: ['x'] });
			await once(a, 'secureConnect');
			assert.equal(a.authorized, true);
			b.on('data', (chunk) => b.write(chunk)).on('end', () => b.end());
			let received = 0;
			a.on('data', (chunk: Buffer) => void (received += chunk.length));
			a.write(Buffer.alloc(3_000_000, 1));
			await until('everything came back', () => received === 3_000_000);
			a.end();
			await Promise.all([once(a, 'close'), once(b, 'close')]);
		});

		groundTest('tls.Server by its connection event, with the peer’s certificate refused', async (ground) => {
			const { issue } = testPki();
			const server = createTlsServer(issue({ names: ['api.test'] }));
			server.on('tlsClientError', () => {});
			const duplex = await (await ground.listen((accepted) => void server.emit('connection', accepted)))();
			const client = connectTls({ socket: duplex, servername: 'api.test' });
			const [error] = (await once(client, 'error')) as [NodeJS.ErrnoException];
			assert.equal(error.code, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE');
			await until('the duplex closed', () => duplex.destroyed);
		});

		groundTest('bytes that came before anybody listened are there', async (ground) => {
			const [client, server] = await ground.pair();
			server.end('early');
			await settled(() => client.readableLength);
			assert.equal(await text(client), 'early');
			assert.equal(client.allowHalfOpen, false);
			await until('the client ended by itself', () => client.destroyed);
		});
	});
}

test('duplexOf gives the native socket once, and only of a flow nobody has used', async () => {
	const stack = kernel();
	const { signal } = new AbortController();
	const flows: Flow[] = [];
	const handler = { onFlow: (flow: Flow) => void flows.push(flow), onClose() {} };
	const { local } = await stack.listen({ address: IpAddress.loopback4, port: 0 }, { handler, signal });
	const dial = () => stack.connect(local, { signal });

	for (const use of [
		(flow: Flow) => flow.resume(),
		(flow: Flow) => void flow.write([]),
		(flow: Flow) => flow.end(),
		(flow: Flow) => flow.abort(),
	]) {
		const flow = await dial();
		use(flow);
		const duplex = duplexOf(flow);
		assert.ok(duplex instanceof FlowDuplex);
		duplex.on('error', () => {});
	}

	const flow = await dial();
	let heard = 0;
	flow.handler = { ...deaf, onClose: () => void (heard += 1) };
	flow.pause();
	flow.unref();
	flow.ref();
	const socket = duplexOf(flow, { allowHalfOpen: true });
	assert.ok(socket instanceof Socket && socket.readableFlowing === null && socket.allowHalfOpen);
	assert.deepEqual(socket.eventNames().sort(), new Socket().eventNames().concat('close').sort());
	assert.equal((flow as Flow & { [takeDuplex](): unknown })[takeDuplex](), undefined);
	assert.equal(flow.write([Uint8Array.of(1)]), false);
	flow.resume();
	flow.end();
	await turns(3);
	assert.equal(socket.destroyed, false);
	assert.ok(stack.open > 0);
	await stack.close();
	assert.ok(socket.destroyed);
	assert.equal(heard, 0);
});
