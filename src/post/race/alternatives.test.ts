import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { systemClock } from '../../base/clock.ts';
import { parseSocketAddress } from '../../base/socket-address.ts';
import { deaf } from '../../stack/flow.ts';
import { memory } from '../../stacks/memory/memory.ts';
import { testPki } from '../../testing/certificates.ts';
import { Local } from '../endpoint/local.ts';
import { Remote, type RemoteLike } from '../endpoint/remote.ts';
import { unix } from '../transport/plain.ts';
import { tls } from '../transport/tls.ts';
import type { Transport } from '../transport/transport.ts';
import { race } from './race.ts';
import { ground, loss, ok, plain, refused, text } from './race-harness.ts';

describe('alternatives of one remote', () => {
	test('P-63 each is reached by the transport of its own scheme', async () => {
		const { run } = ground({ '4a': refused() });
		const { report } = await loss(run([`tcp://${text('4a')}:80`, 'unix:/run/none'], { select: plain }));
		assert.deepEqual(
			report.attempts.map(({ protocol, address }) => `${protocol} ${address}`),
			[`tcp ${text('4a')}`, 'unix /run/none'],
		);
	});

	test('P-63 each at its own port', async () => {
		const { run } = ground({ '4a': refused(), '4b': ok() });
		const { report } = await run([`tcp://${text('4a')}:80`, `tcp://${text('4b')}:8080`, `tcp://${text('4b')}:90`]);
		assert.deepEqual(
			report.attempts.map(({ address, port }) => `${address} ${port}`),
			[`${text('4a')} 80`, `${text('4b')} 8080`],
		);
	});

	test('secure ones and plain ones are no alternatives of each other', async () => {
		const { run } = ground();
		const select = (scheme: string | undefined): Transport[] => (scheme === 'unix' ? [unix] : [tls]);
		await assert.rejects(run([`${text('4a')}:443`, 'unix:/run/x'], { select }), { code: 'policy-contradiction' });
	});

	test('P-63 each has to prove its own name, and the failure of one leaves the others their turn', async () => {
		const pki = testPki();
		const certificates = { a: pki.issue({ names: ['b.test'] }), b: pki.issue({ names: ['b.test'] }) };
		const stack = memory({
			clock: systemClock,
			names: { 'a.test': { A: ['192.0.2.1'] }, 'b.test': { A: ['192.0.2.2'] } },
		});
		const { signal } = new AbortController();
		for (const [address, security] of [
			['192.0.2.1:443', certificates.a],
			['192.0.2.2:443', certificates.b],
		] as const) {
			const handler = {
				onFlow(flow: Parameters<typeof tls.accept>[0]) {
					tls.accept(flow, { stack, security, signal }).then(
						(established) => {
							established.flow.handler = deaf;
						},
						() => {},
					);
				},
				onClose() {},
			};
			await stack.listen(parseSocketAddress(address), { handler, signal });
		}
		const to = (remote: RemoteLike) =>
			race({
				remote: Remote.from(remote),
				locals: [new Local({ stack })],
				select: () => [tls],
				security: { ca: pki.ca },
				timeout: 10_000,
				signal,
			});
		const { report, flow } = await to(['a.test:443', 'b.test:443']);
		assert.deepEqual(
			report.attempts.map(({ address, code }) => [address, code]),
			[
				['192.0.2.1', 'name-mismatch'],
				['192.0.2.2', null],
			],
		);
		flow.abort();
		await assert.rejects(to(['a.test:443']), { code: 'name-mismatch' });
		await stack.close();
	});
});
