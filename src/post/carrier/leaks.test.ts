/** Carriers by the thousand leave nothing: no socket, no timer, no handle, no listener on a signal. */

import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { describe } from 'node:test';
import { turns, until } from '../../testing/suite.ts';
import { lines } from '../message/text-lines.ts';
import { selfSigned } from '../policy/self-signed.ts';
import { onBothArms } from './arms-harness.ts';

const security = selfSigned();

describe('nothing is left', () => {
	for (const [count, scheme] of [
		[1_000, 'tcp'],
		[100, 'tls'],
		[200, 'unix'],
	] as const) {
		onBothArms(`${count} carriers over ${scheme}, opened, used and closed`, async (arm) => {
			const before = process.getActiveResourcesInfo().length;
			const { signal } = new AbortController();
			const listener = await arm.listen(lines(), { ...(scheme === 'tls' && { security }), signal }, scheme);
			const serving = (async () => {
				for await (const carrier of listener) carrier.onMessage(({ content }) => carrier.send(content));
			})();
			const options = { scheme, protocol: lines(), security: { pin: security.fingerprint }, signal };
			for (let batch = 0; batch < count / 50; batch += 1) {
				await Promise.all(
					Array.from({ length: 50 }, async (_, index) => {
						const carrier = await arm.connect(listener, options);
						if (index % 3 > 0) assert.equal(await carrier.request('hello', { signal }), 'hello');
						if (index % 7 === 0) carrier.abort();
						await carrier.close();
						await carrier.closed;
					}),
				);
				assert.equal(getEventListeners(signal, 'abort').length, 0);
			}
			await listener.close();
			await serving;
			await arm.nothingLeft();
			await turns(3);
			await until('the process holds what it held', () => process.getActiveResourcesInfo().length <= before);
		});
	}

	onBothArms('races that fail, are aborted or time out leave no listener on the signal of the caller', async (arm) => {
		const { signal } = new AbortController();
		const place = await arm.rawServer();
		for (let index = 0; index < 20; index += 1) {
			const outcome = arm.connect(place.port, { scheme: 'tls', protocol: lines(), signal, timeout: 50 });
			await assert.rejects(outcome, { code: 'timed-out' });
			assert.equal(getEventListeners(signal, 'abort').length, 0);
		}
		for (const peer of place.peers) peer.flow.abort();
		await place.close();
	});

	onBothArms('requests and receives that were given up leave no listener either', async (arm) => {
		const { client, server } = await arm.pair(lines());
		const { signal } = new AbortController();
		const receiving = server.receive({ signal });
		assert.equal(getEventListeners(signal, 'abort').length, 1);
		await assert.rejects(client.request('hello', { signal, timeout: 100 }), { code: 'timed-out' });
		assert.equal((await receiving)!.content, 'hello');
		const late = server.receive({ signal });
		const lost = client.request('hello again', { signal });
		assert.equal((await late)!.content, 'hello again');
		server.abort();
		await assert.rejects(lost, { code: 'reset' });
		assert.equal(getEventListeners(signal, 'abort').length, 0);
	});
});
