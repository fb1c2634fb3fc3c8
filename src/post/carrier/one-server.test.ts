/** Connections are raced, never messages: of all servers that could have been it, exactly one sees the application. */

import assert from 'node:assert/strict';
import { createServer as createPlain, type Server, type Socket } from 'node:net';
import { describe, test } from 'node:test';
import { createServer as createTls } from 'node:tls';
import { seededRandom } from '../../base/random.ts';
import { until } from '../../testing/suite.ts';
import { codec } from '../message/codecs.ts';
import { frame } from '../message/framing.ts';
import { messages, type TwoSidedProtocol } from '../message/protocol.ts';
import { lines } from '../message/text-lines.ts';
import { selfSigned } from '../policy/self-signed.ts';
import { kernelArm, memoryArm, onArm } from './arms-harness.ts';
import type { Carrier } from './carrier.ts';
import { initiate } from './initiate.ts';
import { listen } from './listen.ts';
import type { Listener } from './listener.ts';

const security = selfSigned({ names: ['api.test'] });
const runs = 50;

/** What every server got of the application, by address. */
async function serveAll(listeners: readonly Listener<string, string>[], seen: Map<string, string[]>): Promise<void> {
	for (const listener of listeners) {
		void (async () => {
			for await (const carrier of listener) {
				carrier.onMessage(({ content }) => {
					const [address] = listener.locals;
					seen.set(address!, [...(seen.get(address!) ?? []), content]);
				});
			}
		})();
	}
}

describe('exactly one server sees the application', () => {
	for (const scheme of ['tcp', 'tls'] as const) {
		for (const racing of ['staggered', 'simultaneous'] as const) {
			test(`G-04 H-41 H-42 ${racing} over ${scheme}: ${runs} races of twelve addresses, with ties (memory)`, {
				timeout: 120_000,
			}, async () => {
				const random = seededRandom(scheme.length * racing.length);
				const v4 = Array.from({ length: 6 }, (_, index) => `192.0.2.${index + 1}`);
				const v6 = Array.from({ length: 6 }, (_, index) => `2001:db8::${index + 1}`);
				const addresses = [...v4, ...v6];
				await onArm(memoryArm({ names: { 'api.test': { A: v4, AAAA: v6 } } }), async ({ stack }) => {
					const options = scheme === 'tls' ? { security } : {};
					const local = (address: string) => ({
						scheme: scheme === 'tcp' ? 'tcp' : undefined,
						address,
						port: 443,
						stack,
					});
					const listeners = await Promise.all(
						addresses.map((address) => listen(local(address), { protocol: lines(), ...options })),
					);
					const seen = new Map<string, string[]>();
					await serveAll(listeners, seen);
					for (let run = 0; run < runs; run += 1) {
						// Every third run all are equally far away: ties.
						const scripts = addresses.map((address) =>
							stack.script(address, { rtt: run % 3 === 0 ? 300 : 250 * random.below(4) + 5 }),
						);
						seen.clear();
						const remote = scheme === 'tcp' ? 'tcp://api.test:443' : 'api.test:443';
						const client = await initiate<string, string>(remote, {
							protocol: lines(),
							local: { stack },
							racing,
							limits: { concurrent: 12 },
							security: { pin: security.fingerprint },
						});
						await client.send(`order ${run}`);
						await client.close();
						await client.closed;
						await until('all is quiet', () => stack.sockets.flows === 0 && stack.sockets.connects === 0);
						assert.equal(seen.size, 1, `run ${run}: ${JSON.stringify([...seen])}`);
						const [[address, got]] = [...seen] as [[string, string[]]];
						assert.deepEqual(got, [`order ${run}`]);
						assert.ok(address.includes(client.race!.winner!), 'the report names the one that got it');
						for (const script of scripts) script[Symbol.dispose]();
					}
					await Promise.all(listeners.map((listener) => listener.close()));
				});
			});
		}
	}

	for (const scheme of ['tcp', 'tls'] as const) {
		test(`G-03 G-04 H-41 ${scheme} against node's own servers on eight loopback addresses (kernel)`, {
			timeout: 60_000,
		}, async () => {
			await onArm(kernelArm(), async (arm) => {
				const { stack } = arm;
				const hosts = ['::1', ...Array.from({ length: 7 }, (_, index) => `127.0.0.${index + 1}`)];
				const seen = new Map<string, string>();
				const sockets = new Set<Socket>();
				const servers: Server[] = [];
				let port = 0;
				for (const host of hosts) {
					const onSocket = (socket: Socket) => {
						sockets.add(socket);
						socket.on('data', (data) => seen.set(host, (seen.get(host) ?? '') + data));
						socket.on('error', () => {}).on('end', () => socket.end());
					};
					const server = scheme === 'tls' ? createTls(security, onSocket) : createPlain(onSocket);
					server.on('tlsClientError', () => {});
					port = await new Promise<number>((resolve) => {
						server.listen({ host, port }, () => resolve((server.address() as { port: number }).port));
					});
					servers.push(server);
				}
				for (let run = 0; run < 20; run += 1) {
					seen.clear();
					const remote = { scheme: scheme === 'tcp' ? 'tcp' : undefined, hostName: 'api.test', addresses: hosts, port };
					const client: Carrier<string, string> = await initiate(remote, {
						protocol: lines(),
						local: { stack },
						racing: 'simultaneous',
						security: { pin: security.fingerprint },
					});
					assert.ok(client.race!.attempts.length > 1, 'a race');
					await client.send(`order ${run}`);
					await client.close();
					await client.closed;
					await arm.nothingLeft();
					assert.deepEqual([...seen.values()], [`order ${run}\n`]);
				}
				for (const socket of sockets) socket.destroy();
				await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
			});
		});
	}
});

const text = new TextEncoder();
const framings: readonly [name: string, protocol: TwoSidedProtocol<Uint8Array, Uint8Array>, wire: string][] = [
	['lines', messages(frame.lines(), codec.bytes()), 'one\n\nthree\n'],
	['lengthPrefix', messages(frame.lengthPrefix(), codec.bytes()), '\0\0\0\x03one\0\0\0\0\0\0\0\x05three'],
	['lengthPrefix of 2 bytes', messages(frame.lengthPrefix({ bytes: 2 }), codec.bytes()), '\0\x03one\0\0\0\x05three'],
	['varint', messages(frame.varint(), codec.bytes()), '\x03one\0\x05three'],
	['delimited', messages(frame.delimited('\0'), codec.bytes()), 'one\0\0three\0'],
	['stream', messages(frame.stream(), codec.bytes()), 'onethree'],
];

describe('bytes on the wire are the application’s', () => {
	for (const [name, protocol, wire] of framings) {
		test(`G-10 P-101 P-102 the bytes of ${name}, as node:net reads them, are the framing's and no other (kernel)`, async () => {
			await onArm(kernelArm(), async ({ stack }) => {
				let got = '';
				const { promise: over, resolve } = Promise.withResolvers<void>();
				const server = createPlain({ allowHalfOpen: true }, (socket) => {
					socket
						.on('data', (data) => (got += data.toString('latin1')))
						.on('end', () => socket.end())
						.on('close', () => resolve());
				}).listen(0, '127.0.0.1');
				await new Promise((listening) => server.once('listening', listening));
				const { port } = server.address() as { port: number };
				const client = await initiate(`tcp://127.0.0.1:${port}`, {
					protocol,
					local: { stack },
					first: text.encode('one'),
				});
				client.post(text.encode(''));
				await client.send(text.encode('three'));
				await client.close();
				await over;
				server.close();
				assert.equal(got, wire);
			});
		});
	}
});
