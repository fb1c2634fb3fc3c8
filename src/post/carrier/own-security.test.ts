/** What is secured when nothing is said, what is not, and that no session serves two. */

import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { until } from '../../testing/suite.ts';
import { memoryStore } from '../association/memory-store.ts';
import type { AssociationStore } from '../association/store.ts';
import { lines } from '../message/text-lines.ts';
import { selfSigned } from '../policy/self-signed.ts';
import { closeAll, onBothArms, onMemory } from './arms-harness.ts';
import { Association } from './association.ts';
import { initiate } from './initiate.ts';
import { listen } from './listen.ts';

const security = selfSigned();

describe('security', () => {
	onBothArms('T-6.3-01 who says nothing is secured, and trusts nobody without a reason', async (arm) => {
		const listener = await arm.listen(lines(), { security }, 'tls');
		const dial = (own?: { ca: string }) =>
			initiate<string, string>(listener.locals[0]!, { protocol: lines(), local: { stack: arm.stack }, security: own });
		await assert.rejects(dial(), { code: 'certificate-untrusted' });
		const client = await dial({ ca: security.cert });
		assert.deepEqual([client.transients[0]!.transport, client.transients[0]!.security!.protocol], ['tls', 'TLSv1.3']);
		await assert.rejects(listen({ address: '127.0.0.1', stack: arm.stack }), { code: 'bad-argument', message: /key/ });
		await closeAll(client, (await listener.accept())!);
		await listener.close();
	});

	onBothArms('T-6.3-03 tcp:// says without: nothing but the message is sent', async (arm) => {
		const raw = await arm.rawServer();
		const client = await arm.connect<string, string>(raw.port, { protocol: lines() });
		await client.send('in the clear', { final: true });
		await until('all is there', () => raw.peers[0]?.ended === true);
		assert.equal(raw.peers[0]!.text, 'in the clear\n');
		assert.equal(client.transients[0]!.security, undefined);
		raw.peers[0]!.flow.end();
		await client.close();
		await raw.close();
	});

	onMemory('T-6.3-02 is plain data: kept as given, and refused where it has the wrong type', async ({ stack }) => {
		const wrong: readonly Record<string, unknown>[] = [
			{ groups: 'X25519' },
			{ ciphers: 'x' },
			{ allowedSecurityProtocols: ['tls_1_1'] },
			{ signatureAlgorithms: ['none'] },
			{ pin: 'ff' },
			{ cert: security.cert },
			{ serverName: 7 },
			{ maxCachedSessions: -1 },
			{ cachedSessionLifetimeSeconds: -1 },
			{ trust: true },
		];
		for (const own of wrong) {
			const given = structuredClone(own);
			await assert.rejects(
				initiate('192.0.2.1:443', { local: { stack }, security: own as never, lazy: true }),
				{ code: 'bad-argument' },
				JSON.stringify(own),
			);
			assert.deepEqual(own, given);
		}
	});

	onMemory('I-5.3-04 of the attempts of one race no two show the same ticket', async (arm) => {
		const { stack } = arm;
		const store = memoryStore();
		const taken: unknown[] = [];
		const watched = new Proxy(store, {
			get(target, name) {
				const member = Reflect.get(target, name) as unknown;
				if (typeof member !== 'function') return member;
				return (...given: never[]) => {
					const result = (member as (...given: never[]) => unknown).apply(target, given);
					if (name === 'take' && result !== undefined) taken.push(result);
					return result;
				};
			},
		}) as AssociationStore;
		stack.names.set('api.test', { A: ['127.0.0.1', '127.0.0.2', '127.0.0.3'] });
		const port = 443;
		const listeners = [];
		for (const address of ['127.0.0.1', '127.0.0.2', '127.0.0.3']) {
			listeners.push(await listen<string, string>({ address, port, stack }, { protocol: lines(), security }));
		}
		for (const listener of listeners) {
			void (async () => {
				for await (const peer of listener) peer.onMessage(({ content }) => peer.send(content));
			})();
		}
		const association = new Association({
			remote: 'api.test:443',
			local: { stack },
			security: { pin: security.fingerprint },
			store: watched,
		});
		const talk = async (racing: 'staggered' | 'simultaneous') => {
			const carrier = await association.initiate<string, string>({ protocol: lines(), racing });
			assert.equal(await carrier.request('hello'), 'hello');
			await carrier.close();
			await carrier.closed;
			return carrier;
		};
		await talk('staggered');
		assert.equal(taken.length, 0);
		const raced = await talk('simultaneous');
		assert.equal(raced.race!.attempts.length, 3);
		assert.ok(taken.length >= 2, `${taken.length} tickets were shown`);
		assert.equal(new Set(taken.map((ticket) => JSON.stringify(ticket))).size, taken.length);
		for (const listener of listeners) await listener.close();
	});
});
