/** Which transports may serve whom: secure and plain ones never stand in one race. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { virtualClock } from '../../base/virtual-clock.ts';
import { memory } from '../../stacks/memory/memory.ts';
import { testPki } from '../../testing/certificates.ts';
import { initiate } from '../carrier/initiate.ts';
import { listen } from '../carrier/listen.ts';
import type { RemoteLike } from '../endpoint/remote.ts';
import { plainTransports, selectTransports } from './select.ts';

const names = (scheme?: string) => selectTransports(scheme).map(({ name }) => name);

describe('selection', () => {
	test('a name without a scheme is secure; a scheme names one transport', () => {
		assert.deepEqual([names(), names('tls'), names('tcp'), names('unix')], [['tls'], ['tls'], ['tcp'], ['unix']]);
		assert.deepEqual(
			plainTransports().map(({ name }) => name),
			['tcp'],
		);
	});

	test('T-7.1-07 planned schemes are not-supported, unknown ones bad-argument, both with what there is', () => {
		for (const scheme of ['quic', 'ws', 'wss', 'mptcp'])
			assert.throws(() => names(scheme), { code: 'not-supported', message: /this version has tls, tcp, unix, udp/ });
		for (const scheme of ['https', 'http', '', 'toString'])
			assert.throws(() => names(scheme), { code: 'bad-argument', message: /bare host:port is secure/ });
	});

	test('T-6.1-16 T-7.1-07 mistakes throw before anything is asked or opened', async () => {
		const stack = memory({ clock: virtualClock(), rtt: 20 });
		const wrong: readonly [RemoteLike, string][] = [
			[['api.test:443', 'tcp://api.test:80'], 'policy-contradiction'],
			[['api.test:443', 'unix:/run/x'], 'policy-contradiction'],
			['quic://api.test:443', 'not-supported'],
			[new URL('https://api.test/'), 'bad-argument'],
			['api.test', 'bad-argument'],
		];
		for (const [remote, code] of wrong) {
			const initiating = initiate(remote, { local: { stack } });
			assert.deepEqual([stack.sockets.questions, stack.sockets.connects], [0, 0]);
			await assert.rejects(initiating, { code });
		}
		await assert.rejects(initiate('api.test:443', { timeout: -1, local: { stack } }), { code: 'bad-argument' });
		assert.equal(stack.clock.now(), 0);
	});

	test('P-63 T-6.1-09 each alternative is verified by its own name, and an address beats the name', async () => {
		const pki = testPki();
		const stack = memory({ clock: virtualClock(), rtt: 20 });
		const open = (address: string, name: string) =>
			listen({ address, port: 443, stack }, { security: pki.issue({ names: [name] }) });
		await using first = await open('192.0.2.1', 'a.test');
		await using second = await open('192.0.2.2', 'b.test');
		const remote = (a: string, b: string) => [
			{ hostName: a, addresses: ['192.0.2.1'], port: 443 },
			{ hostName: b, addresses: ['192.0.2.2'], port: 443 },
		];
		const options = { security: { ca: pki.ca }, local: { stack } };
		const one = await initiate(remote('a.test', 'b.test'), options);
		const two = await initiate(remote('b.test', 'b.test'), options);
		assert.deepEqual([one.race!.winner, two.race!.winner], ['192.0.2.1', '192.0.2.2']);
		assert.deepEqual(
			two.race!.attempts.map(({ code }) => code),
			['name-mismatch', null],
		);
		assert.deepEqual(one.race!.dns, [], 'no name was asked for');
		await assert.rejects(initiate(remote('b.test', 'a.test'), options), { code: 'name-mismatch' });
		await Promise.all([
			one.close(),
			two.close(),
			first.accept().then((carrier) => carrier!.close()),
			second.accept().then((carrier) => carrier!.close()),
		]);
	});
});
