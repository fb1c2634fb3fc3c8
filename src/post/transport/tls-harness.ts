/** Both ends of a secured carrier, as the tests of TLS need them. */

import assert from 'node:assert/strict';
import { type ErrorCode, PostSocketsError } from '../../base/errors.ts';
import { testPki } from '../../testing/certificates.ts';
import { until } from '../../testing/suite.ts';
import { type Arm, closeAll } from '../carrier/arms-harness.ts';
import type { Carrier } from '../carrier/carrier.ts';
import type { Listener } from '../carrier/listener.ts';
import { lines } from '../message/text-lines.ts';
import type { Security, SecurityInfo } from '../policy/security.ts';
import { EstablishmentError } from '../race/failure.ts';

export const pki = testPki();

/** The listener of these tests, and who trusts it. */
export const api = pki.issue({ names: ['api.test', '127.0.0.1'] });
export const trusting: Security = { ca: pki.ca, serverName: 'api.test' };

export type TextCarrier = Carrier<string, string>;

export interface Ground {
	readonly arm: Arm;
	readonly listener: Listener<string, string>;
	/** What the listener told of peers that never became a carrier. */
	readonly errors: PostSocketsError[];
}

export async function ground(arm: Arm, security: Security): Promise<Ground> {
	const errors: PostSocketsError[] = [];
	const listener = await arm.listen(lines(), { security, onError: (error) => void errors.push(error) }, 'tls');
	return { arm, listener, errors };
}

/** Both ends, after a line has gone each way. */
export async function connect(
	{ arm, listener }: Ground,
	security: Security,
): Promise<{ client: TextCarrier; server: TextCarrier }> {
	const [client, server] = await Promise.all([
		arm.connect(listener, { scheme: 'tls', protocol: lines(), security }),
		listener.accept(),
	]);
	server!.onMessage(({ content }) => server!.post(content));
	assert.equal(await client.request('hello'), 'hello');
	return { client, server: server! };
}

/** What each end learnt of the other, in a connection that is over when this resolves. */
export async function meet(on: Ground, security: Security): Promise<{ client: SecurityInfo; server: SecurityInfo }> {
	const { client, server } = await connect(on, security);
	const infos = { client: client.transients[0]!.security!, server: server.transients[0]!.security! };
	await closeAll(client, server);
	return infos;
}

/** The initiator finds out, with `code`, before it is ready. */
export async function refused(
	{ arm, listener }: Ground,
	security: Security,
	code: ErrorCode,
): Promise<PostSocketsError> {
	const connecting = arm.connect(listener, { scheme: 'tls', protocol: lines(), security });
	const error = await connecting.then(
		() => assert.fail('it was not refused'),
		(error: PostSocketsError) => error,
	);
	assert.ok(error instanceof EstablishmentError);
	assert.equal(error.code, code, error.message);
	return error;
}

/** The listener refuses the initiator, which may hear of it when it is ready; returns what either says. */
export async function turnedAway(
	{ arm, listener, errors }: Ground,
	security: Security,
	code: ErrorCode,
): Promise<{ error: PostSocketsError; told: PostSocketsError }> {
	const before = errors.length;
	const connecting = arm.connect(listener, { scheme: 'tls', protocol: lines(), security });
	const said = connecting.then(
		async (carrier) => {
			await until('the listener has told', () => errors.length > before);
			const error = (await carrier.request('secret').catch((error: PostSocketsError) => error)) as PostSocketsError;
			carrier.abort();
			return error.code === 'closed' ? ((await carrier.closed).error ?? error) : error;
		},
		(error: PostSocketsError) => error,
	);
	const error = await said;
	await until('the listener has told', () => errors.length > before);
	const told = errors.at(-1)!;
	assert.equal(told.code, code, told.message);
	assert.ok(error instanceof PostSocketsError);
	return { error, told };
}
