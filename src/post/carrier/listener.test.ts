/** Listeners: where they stand, whom they take, and how they end. */

import assert from 'node:assert/strict';
import { createServer, connect as netConnect } from 'node:net';
import { describe, test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { PostSocketsError } from '../../base/errors.ts';
import type { SocketAddress } from '../../base/socket-address.ts';
import { provideDefaultStack } from '../../stack/registry.ts';
import type { ListenOptions as StackListenOptions } from '../../stack/stack.ts';
import { kernel } from '../../stacks/kernel/kernel.ts';
import { turns, until } from '../../testing/suite.ts';
import { lines } from '../message/text-lines.ts';
import { selfSigned } from '../policy/self-signed.ts';
import { closeAll, kernelArm, memoryArm, onArm, onBothArms, onMemory } from './arms-harness.ts';
import type { Carrier } from './carrier.ts';
import { initiate } from './initiate.ts';
import { listen } from './listen.ts';

provideDefaultStack(() => kernel());

const protocol = lines();

describe('where a listener stands', () => {
	for (const place of ['localhost', undefined] as const) {
		onBothArms(`P-20 T-7.2-01 ${place ?? 'no host'}, port 0: both families, one port`, async (arm) => {
			const { stack } = arm;
			const listener = await listen<string, string>({ scheme: 'tcp', hostName: place, stack }, { protocol });
			assert.equal(listener.locals.length, 2);
			assert.ok(listener.locals.every((local) => local.endsWith(`:${listener.port}`)) && listener.port! > 0);
			for (const host of ['127.0.0.1', '[::1]']) {
				const client = await initiate(`tcp://${host}:${listener.port}`, { protocol, local: { stack } });
				await closeAll(client, (await listener.accept())!);
			}
			await listener.close();
		});
	}

	test('the forms :port and *:port mean every address (kernel)', async () => {
		for (const form of ['tcp://:0', 'tcp://*:0', 'tcp://0.0.0.0:0', 'tcp://[::]:0']) {
			await using listener = await listen(form);
			assert.equal(listener.locals.length, /^tcp:\/\/(:|\*)/.test(form) ? 2 : 1, form);
		}
	});

	test('a port that is taken on the second address: another is tried, and the listener works (memory)', async () => {
		await onArm(memoryArm(), async ({ stack }) => {
			const taken = await listen({ scheme: 'tcp', address: '127.0.0.1', stack });
			const next = await listen({ scheme: 'tcp', address: '127.0.0.1', port: taken.port! + 1, stack });
			const listener = await listen<string, string>({ scheme: 'tcp', hostName: 'localhost', stack }, { protocol });
			assert.ok(listener.port !== taken.port && listener.port !== next.port);
			const client = await initiate(`tcp://127.0.0.1:${listener.port}`, { protocol, local: { stack } });
			await client.send('hello');
			const carrier = await listener.accept();
			assert.equal((await carrier!.receive())!.content, 'hello');
			await closeAll(client, carrier!, listener, taken, next);
		});
	});

	for (const code of ['address-unavailable', 'unreachable'] as const) {
		test(`a host without IPv6 (${code}) listens on what it has (memory)`, async () => {
			await onArm(memoryArm(), async ({ stack }) => {
				const narrow = Object.create(stack, {
					listen: {
						value: (local: SocketAddress, options: StackListenOptions) =>
							'address' in local && local.address.family === 6
								? Promise.reject(new PostSocketsError(code, 'no IPv6 here'))
								: stack.listen(local, options),
					},
				}) as typeof stack;
				const listener = await listen({ scheme: 'tcp', stack: narrow });
				assert.deepEqual(listener.locals, [`0.0.0.0:${listener.port}`]);
				await listener.close();
			});
		});
	}

	onBothArms('T-7.2-09 address-in-use, names that are not there, and signals that fired', async (arm) => {
		const { stack } = arm;
		const listener = await arm.listen(protocol);
		await assert.rejects(listen({ scheme: 'tcp', address: '127.0.0.1', port: listener.port, stack }), {
			code: 'address-in-use',
			message: /choose another port, or 0/,
		});
		await assert.rejects(listen({ scheme: 'tcp', hostName: 'nobody.invalid', stack }), { code: 'dns-not-found' });
		await assert.rejects(listen({ scheme: 'tcp', address: '127.0.0.1', stack }, { signal: AbortSignal.abort() }), {
			code: 'aborted',
		});
		await listener.close();
		const again = await listen({ scheme: 'tcp', address: '127.0.0.1', port: listener.port, stack });
		assert.equal(again.port, listener.port, 'the port is free after close()');
		await again.close();
	});

	test('T-6.1-06 T-6.1.2-02 an interface is a hard restriction (memory)', async () => {
		await onArm(memoryArm(), async ({ stack }) => {
			const listener = await listen({ scheme: 'tcp', interface: 'lo', stack });
			assert.deepEqual(listener.locals, [`[::1]:${listener.port}`, `127.0.0.1:${listener.port}`]);
			await listener.close();
			const away = { code: 'address-unavailable' } as const;
			await assert.rejects(listen({ scheme: 'tcp', interface: 'en9', stack }), away);
			await assert.rejects(listen({ scheme: 'tcp', interface: 'memory0', address: '127.0.0.1', stack }), away);
		});
	});

	onMemory('T-6.2.11d a policy says on which interfaces it may stand', async (arm) => {
		const { stack } = arm;
		stack.devices.set({ name: 'wlan0', addresses: ['192.0.2.9', '2001:db8::9'] });
		const stand = async (name: string, wish: 'require' | 'prohibit' | 'prefer', address?: string) => {
			const policy = { interface: { [name]: wish } };
			const listener = await listen({ scheme: 'tcp', address, stack }, { policy });
			await listener.close();
			return listener.locals.map((local) => local.replace(/:\d+$/, ''));
		};
		assert.deepEqual(await stand('wlan0', 'require'), ['[2001:db8::9]', '192.0.2.9']);
		assert.ok(!(await stand('wlan0', 'prohibit')).some((local) => /192\.0\.2|db8/.test(local)));
		assert.deepEqual(await stand('wlan0', 'prefer'), ['[::]', '0.0.0.0']);
		assert.deepEqual(await stand('wlan0', 'require', '192.0.2.9'), ['192.0.2.9']);
		const nowhere = { code: 'no-candidates' } as const;
		await assert.rejects(stand('nowhere', 'require'), nowhere);
		await assert.rejects(stand('wlan0', 'require', '127.0.0.1'), nowhere);
		await assert.rejects(stand('wlan0', 'prohibit', '192.0.2.9'), nowhere);
	});

	test('without a key both ways out are named', async () => {
		for (const place of ['localhost:0', 'tls://localhost:0']) {
			await assert.rejects(listen(place), {
				code: 'bad-argument',
				message: /`security: \{ cert, key \}`, or selfSigned\(\).*name it tcp:\/\/localhost:0 /,
			});
		}
		await assert.rejects(listen('localhost:0', { security: { cert: selfSigned().cert } }), { code: 'bad-argument' });
		await assert.rejects(listen('quic://localhost:0'), { code: 'not-supported' });
	});

	test('Unix sockets: a stale file is replaced, a living one is in use, a long path is refused (kernel)', async () => {
		await onArm(kernelArm(), async (arm) => {
			const path = arm.path('stale');
			const { promise, resolve } = Promise.withResolvers<void>();
			const server = createServer().listen(path, resolve);
			await promise;
			await assert.rejects(listen({ path, stack: arm.stack }), { code: 'address-in-use' });
			// As a crash leaves it: the file is there and nobody listens.
			const { link, unlink } = await import('node:fs/promises');
			await link(path, `${path}.kept`);
			await new Promise((closed) => server.close(closed));
			await link(`${path}.kept`, path);
			await unlink(`${path}.kept`);
			const listener = await listen<string, string>({ path, stack: arm.stack }, { protocol });
			assert.deepEqual([listener.locals, listener.port], [[`unix:${path}`], undefined]);
			const socket = netConnect(path).end('hello\n').resume();
			const carrier = await listener.accept();
			assert.equal((await carrier!.receive())!.content, 'hello');
			await closeAll(carrier!, listener);
			socket.destroy();
			await assert.rejects(listen({ path: arm.path('x'.repeat(200)), stack: arm.stack }), (error: PostSocketsError) =>
				/bad-argument|not-permitted|address-unavailable/.test(error.code),
			);
		});
	});
});

describe('how long a listener stands', () => {
	onBothArms('T-7.2-10 until it is closed, though nobody holds it', async (arm) => {
		const peers: Carrier<string>[] = [];
		const stand = async () => {
			const listener = await arm.listen(lines());
			void (async () => {
				for await (const peer of listener) peers.push(peer);
			})();
			return { port: listener.port!, listener: new WeakRef(listener) };
		};
		const { port, listener } = await stand();
		setFlagsFromString('--expose-gc');
		const collectGarbage = runInNewContext('gc') as () => void;
		for (let count = 0; count < 5; count += 1) {
			collectGarbage();
			await arm.after(10);
		}
		const client = await arm.connect<string, string>(port, { protocol: lines() });
		await until('it is served', () => peers.length === 1);
		await client.send('still there?');
		assert.equal((await peers[0]!.receive())!.content, 'still there?');
		await closeAll(client, ...peers);
		await listener.deref()!.close();
	});
});

describe('whom a listener takes', () => {
	onBothArms('T-7.2-06 T-7.2-07 P-104 carriers come ready to use, by iteration and by accept()', async (arm) => {
		const listener = await arm.listen(protocol);
		const clients = await Promise.all([1, 2, 3].map(() => arm.connect(listener, { protocol, first: 'hello' })));
		const first = await listener.accept();
		assert.deepEqual([first!.state, first!.canSend], ['active', true]);
		const taken = [first!];
		for await (const carrier of listener) if (taken.push(carrier) === 3) break;
		for (const carrier of taken) assert.equal((await carrier.receive())!.content, 'hello');
		const waiting = [listener.accept(), listener.accept()];
		clients.push(await arm.connect(listener, { protocol }));
		taken.push((await waiting[0])!);
		await listener.close();
		assert.equal(await waiting[1], undefined);
		assert.equal(await listener.accept(), undefined);
		for await (const _ of listener) assert.fail('closed');
		await closeAll(...clients, ...taken);
	});

	onBothArms(
		'T-7.2-04 T-7.2-05 close() frees the address; taken carriers live on, those nobody took are aborted',
		async (arm) => {
			const listener = await arm.listen(protocol);
			const [kept, lost] = [await arm.connect(listener, { protocol }), await arm.connect(listener, { protocol })];
			const carrier = await listener.accept();
			await until('the second has come', () => true);
			await arm.after(50);
			await Promise.all([listener.close(), listener.close()]);
			assert.equal(await listener.closed, undefined);
			assert.equal((await lost.closed).error?.code, 'reset');
			await kept.send('still there');
			assert.equal((await carrier!.receive())!.content, 'still there');
			await closeAll(kept, carrier!, lost);
			await assert.rejects(arm.connect(listener.port!, { protocol }), { code: 'refused' });
		},
	);

	onBothArms('carriers that nobody takes are bounded, and the rest is turned away', async (arm) => {
		const errors: PostSocketsError[] = [];
		const listener = await arm.listen(protocol, {
			limits: { pending: 2 },
			onError: (error) => void errors.push(error),
		});
		const clients = await Promise.all([1, 2, 3, 4].map(() => arm.connect(listener, { protocol })));
		await until('two were turned away', () => errors.length === 2);
		assert.deepEqual(
			errors.map(({ code }) => code),
			['queue-full', 'queue-full'],
		);
		assert.match(errors[0]!.message, /limit `pending`/);
		await closeAll((await listener.accept())!, (await listener.accept())!, ...clients, listener);
	});

	onBothArms('the stack ends a listener with its error', async (arm) => {
		const listener = await arm.listen(protocol);
		const taking = listener.accept();
		await arm.stack.close();
		assert.equal((await listener.closed)?.code, 'closed');
		assert.equal(await taking, undefined);
		await turns();
	});
});
