/** A TLS handshake over a connection that stands already (STARTTLS). */

import { PostSocketsError } from '../../base/errors.ts';
import type { Security } from '../policy/security.ts';
import { securing } from '../transport/select.ts';
import type { Established, Transport } from '../transport/transport.ts';
import type { Connection } from './life.ts';

export interface SecuringOptions {
	readonly security: Security;
	/** The name the peer must prove to have; without one it is we who show a certificate. */
	readonly name: string | undefined;
	/** Milliseconds for the handshake. Default 30000. */
	readonly timeout?: number | undefined;
	readonly signal?: AbortSignal | undefined;
}

const defaultTimeout = 30_000;

/** Rejects with what the handshake failed of, and then the connection is closed or closing. */
export async function secured(
	{ flow, stack, transient: { remote } }: Connection,
	{ security, name, timeout = defaultTimeout, signal }: SecuringOptions,
): Promise<Established & { readonly transport: Transport }> {
	const transport = securing();
	const role = name === undefined ? 'server' : 'client';
	transport.check?.(security, role === 'server' ? 'listen' : 'initiate');
	const attempt = new AbortController();
	const late = new PostSocketsError('timed-out', `${remote} did not finish its handshake in ${timeout} ms`, {
		operation: 'upgrade',
		remote,
	});
	const timer = stack.clock.after(timeout, () => attempt.abort(late));
	const limited = signal ? AbortSignal.any([signal, attempt.signal]) : attempt.signal;
	try {
		return { transport, ...(await transport.secure!(flow, { stack, security, role, name, signal: limited })) };
	} finally {
		timer.cancel();
	}
}
