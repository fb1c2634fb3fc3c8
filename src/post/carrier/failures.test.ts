/** Establishments that fail: each way has its code and its advice, and leaves nothing behind. */

import assert from 'node:assert/strict';
import { describe, mock, test } from 'node:test';
import { createServer, type TlsOptions } from 'node:tls';
import { type ErrorCode, PostSocketsError } from '../../base/errors.ts';
import { testPki } from '../../testing/certificates.ts';
import { turns, until } from '../../testing/suite.ts';
import { lines } from '../message/text-lines.ts';
import type { Security } from '../policy/security.ts';
import { selfSigned } from '../policy/self-signed.ts';
import { EstablishmentError } from '../race/failure.ts';
import { type Arm, closeAll, kernelArm, memoryArm, onArm, onBothArms, uncaughtDuring } from './arms-harness.ts';
import { initiate } from './initiate.ts';
import { listen } from './listen.ts';
import type { InitiateOptions } from './options.ts';

const pki = testPki();
const good = pki.issue({ names: ['api.test', '127.0.0.1'] });

/** A certificate that is only good from tomorrow on. */
function notYetValid(): Security {
	mock.timers.enable({ apis: ['Date'], now: Date.now() + 2 * 86_400_000 });
	try {
		const { cert, key } = selfSigned();
		return { cert, key };
	} finally {
		mock.timers.reset();
	}
}

async function failure(initiating: Promise<unknown>, code: ErrorCode, advice: RegExp): Promise<PostSocketsError> {
	const error: unknown = await initiating.then(
		() => assert.fail('it was established'),
		(error: unknown) => error,
	);
	assert.ok(error instanceof PostSocketsError, String(error));
	assert.equal(error.code, code, error.message);
	assert.match(error.message, advice);
	return error;
}

/** Fails on the arm, and leaves nothing: no rejection that nobody hears, no handle of the process. */
function failing(title: string, body: (arm: Arm) => Promise<void>): void {
	onBothArms(title, async (arm) => {
		const before = process.getActiveResourcesInfo().length;
		assert.deepEqual(await uncaughtDuring(() => body(arm)), []);
		await arm.nothingLeft();
		await turns(3);
		await until('the process holds what it held', () => process.getActiveResourcesInfo().length <= before);
	});
}

const tlsCases: readonly [what: string, server: () => Security, client: Security, ErrorCode, RegExp][] = [
	[
		'a certificate of another name',
		() => pki.issue({ names: ['other.test'] }),
		{ ca: pki.ca },
		'name-mismatch',
		/not for "127\.0\.0\.1" but for DNS:other\.test.*serverName/,
	],
	[
		'a name asked for that it does not carry',
		() => good,
		{ ca: pki.ca, serverName: 'x.test' },
		'name-mismatch',
		/not for "x\.test"/,
	],
	[
		'an expired certificate',
		() => pki.issue({ names: ['127.0.0.1'], expired: true }),
		{ ca: pki.ca },
		'certificate-expired',
		/has expired; renew it/,
	],
	['a certificate of tomorrow', notYetValid, {}, 'certificate-expired', /not valid yet.*clock/],
	['an authority nobody knows', () => good, {}, 'certificate-untrusted', /`security: \{ ca \}`/],
	['a self-signed certificate', () => selfSigned(), {}, 'certificate-untrusted', /`security: \{ pin \}`/],
	[
		'another fingerprint than pinned',
		() => good,
		{ pin: 'ab'.repeat(32) },
		'certificate-untrusted',
		/fingerprint .* not pinned/,
	],
	[
		'no common protocol version',
		() => ({ ...good, allowedSecurityProtocols: ['tls_1_2'] }),
		{ ca: pki.ca, allowedSecurityProtocols: ['tls_1_3'] },
		'tls-alert',
		/protocol version/,
	],
	[
		'no common application protocol',
		() => ({ ...good, alpn: ['a/1'] }),
		{ ca: pki.ca, alpn: ['b/1'] },
		'tls-alert',
		/no application protocol/,
	],
];

describe('establishments that fail', () => {
	for (const [what, server, client, code, advice] of tlsCases) {
		failing(`T-7.1-07 ${what} is ${code}`, async (arm) => {
			const security = server();
			const heard: string[] = [];
			const listener = await arm.listen(lines(), { security, onError: (error) => void heard.push(error.code) }, 'tls');
			const error = await failure(
				arm.connect(listener, { scheme: 'tls', protocol: lines(), security: client }),
				code,
				advice,
			);
			assert.ok(error instanceof EstablishmentError);
			assert.deepEqual(
				error.report.attempts.map(({ phase, code }) => [phase, code]),
				[['handshake', code]],
			);
			assert.match(error.message, new RegExp(`127\\.0\\.0\\.1:${listener.port}`));
			await listener.close();
		});
	}

	failing('T-7.1-07 nothing listens: refused', async (arm) => {
		const place = await arm.rawServer();
		await place.close();
		const error = await failure(
			arm.connect(place.port, { protocol: lines() }),
			'refused',
			/is the server running, and is the port right/,
		);
		assert.equal((error.cause as { code: string }).code, 'refused');
		assert.equal(error.operation, 'initiate');
	});

	failing('T-7.1-07 a name that is not there: dns-not-found', async ({ stack }) => {
		await failure(
			initiate('tcp://nobody.invalid:80', { local: { stack } }),
			'dns-not-found',
			/no name "nobody\.invalid".*spelled/,
		);
	});

	failing('G-01 P-91 P-92 one address is dead, and the other wins', async (arm) => {
		const listener = await arm.listen(lines());
		const remote = { scheme: 'tcp', addresses: ['::1', '127.0.0.1'], port: listener.port! };
		const client = await initiate<string, string>(remote, { protocol: lines(), local: { stack: arm.stack } });
		assert.deepEqual(
			client.race!.attempts.map(({ address, code }) => [address, code]),
			[
				['::1', 'refused'],
				['127.0.0.1', null],
			],
		);
		await closeAll(client, (await listener.accept())!, listener);
	});

	failing('the peer closes during the TLS handshake: reset', async (arm) => {
		const server = await arm.rawServer((peer) => peer.flow.end());
		await failure(
			arm.connect(server.port, { scheme: 'tls', protocol: lines() }),
			'reset',
			/closed during the TLS handshake/,
		);
		for (const peer of server.peers) peer.flow.abort();
		await server.close();
	});

	failing('the peer is no TLS server: tls-failed', async (arm) => {
		const server = await arm.rawServer((peer) => peer.write('220 mail.test ESMTP ready, and what do you want?\r\n'));
		await failure(
			arm.connect(server.port, { scheme: 'tls', protocol: lines() }),
			'tls-failed',
			/does not speak TLS.*tcp:\/\//,
		);
		for (const peer of server.peers) peer.flow.abort();
		await server.close();
	});

	failing('T-7.1-02 the peer is silent: timed-out', async (arm) => {
		const server = await arm.rawServer();
		const options = { scheme: 'tls', protocol: lines(), timeout: 300 } as const;
		const error = await failure(
			arm.connect(server.port, options),
			'timed-out',
			/within 0\.3 s.*handshake did not end.*`timeout`/,
		);
		assert.deepEqual(
			(error as EstablishmentError).report.attempts.map(({ outcome }) => outcome),
			['cancelled'],
		);
		for (const peer of server.peers) peer.flow.abort();
		await server.close();
	});

	failing('aborted before it began, and in the middle', async (arm) => {
		const reason = new Error('the user went away');
		const aborted = await failure(arm.connect(9, { signal: AbortSignal.abort(reason) }), 'aborted', /aborted/);
		assert.equal(aborted.cause, reason);
		const controller = new AbortController();
		const server = await arm.rawServer((peer) => {
			peer.onData = () => controller.abort(reason);
		});
		const initiating = arm.connect(server.port, { scheme: 'tls', signal: controller.signal });
		const error = await failure(initiating, 'aborted', /aborted by the caller/);
		assert.equal(error.cause, reason);
		await until('the peer has been told', () => server.peers.every(({ closed, ended }) => closed || ended));
		for (const peer of server.peers) peer.flow.abort();
		await server.close();
	});

	failing('keys and authorities that are none throw before anything is opened', async (arm) => {
		const { stack } = arm;
		const other = pki.issue({ names: ['x.test'] });
		for (const security of [
			{ cert: 'x', key: 'y' },
			{ cert: good.cert, key: other.key },
		]) {
			await failure(initiate('127.0.0.1:9', { security, local: { stack } }), 'bad-argument', /PEM/);
			await failure(listen({ address: '127.0.0.1', stack }, { security }), 'bad-argument', /PEM/);
		}
	});

	failing('what node:tls itself refuses leaves no socket behind', async (arm) => {
		const server = await arm.rawServer();
		await assert.rejects(
			arm.connect(server.port, { scheme: 'tls', security: { serverName: 42 as never } }),
			PostSocketsError,
		);
		await until('the peer has seen it go', () => server.peers.every(({ closed, ended }) => closed || ended));
		for (const peer of server.peers) peer.flow.abort();
		await server.close();
	});

	failing('T-9.2.5-01 a first message that cannot be sent throws before anything is opened', async (arm) => {
		const server = await arm.rawServer();
		await failure(arm.connect(server.port, { protocol: lines(), first: 'two\nlines' }), 'bad-argument', /line feed/);
		assert.equal(server.peers.length, 0);
		await server.close();
	});
});

describe('races that nobody wins (memory)', () => {
	const names = {
		'api.test': { AAAA: ['2001:db8::1'], A: ['192.0.2.1', '192.0.2.2'] },
		'mute.test': { A: { status: 'never' } as const, AAAA: { status: 'never' } as const },
		'void.test': {},
	};
	const cases: readonly [
		string,
		Parameters<typeof memoryArm>[0],
		Partial<InitiateOptions<string, string>> & { to?: string },
		ErrorCode,
		RegExp,
	][] = [
		[
			'all dead in different ways',
			{ script: { '2001:db8::1': { connect: 'no-route' }, '192.0.2.1': { connect: 'reset' } } },
			{},
			'all-attempts-failed',
			/none of 3 attempts.*\[2001:db8::1\]:80 unreachable, 192\.0\.2\.1:80 reset, 192\.0\.2\.2:80 refused/,
		],
		['all dead alike', {}, {}, 'refused', /the same at/],
		[
			'a black hole',
			{
				script: {
					'2001:db8::1': { connect: 'black-hole' },
					'192.0.2.1': { connect: 'black-hole' },
					'192.0.2.2': { connect: 'black-hole' },
				},
			},
			{},
			'timed-out',
			/within 30 s.*firewall.*`timeout`/,
		],
		['DNS says nothing', {}, { to: 'tcp://mute.test:80' }, 'dns-timeout', /network up/],
		['a name without addresses', {}, { to: 'tcp://void.test:80' }, 'dns-not-found', /no address/],
	];
	for (const [what, options, { to = 'tcp://api.test:80', ...rest }, code, advice] of cases) {
		test(`H-44 T-7.1-07 ${what}: ${code}`, async () => {
			await onArm(memoryArm({ names, ...options }), async ({ stack }) => {
				const uncaught = await uncaughtDuring(
					async () => void (await failure(initiate(to, { local: { stack }, ...rest }), code, advice)),
				);
				assert.deepEqual(uncaught, []);
			});
		});
	}
});

test('T-7.1-07 a server that asks for a certificate that is not there is a tls-alert or a reset, not a hang (kernel)', async () => {
	await onArm(kernelArm(), async (arm) => {
		const options: TlsOptions = { ...good, requestCert: true, rejectUnauthorized: true, maxVersion: 'TLSv1.2' };
		const server = createServer(options).listen(0, '127.0.0.1');
		await new Promise((resolve) => server.once('listening', resolve));
		const { port } = server.address() as { port: number };
		const initiating = arm.connect(port, { scheme: 'tls', security: { ca: pki.ca } });
		const error = await initiating.then(
			(carrier) => carrier.closed.then((reason) => reason.error),
			(error: unknown) => error,
		);
		assert.ok(
			error instanceof PostSocketsError && ['tls-alert', 'reset', 'tls-failed'].includes(error.code),
			String(error),
		);
		await new Promise((resolve) => server.close(resolve));
	});
});
