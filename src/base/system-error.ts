/** The total map from errno names, as operating systems and Node spell them, to our codes, each with its advice. */

import { type ErrorCode, type ErrorContext, PostSocketsError } from './errors.ts';

const table: Record<string, readonly [ErrorCode, string]> = {
	EACCES: ['not-permitted', 'permission denied; ports below 1024 and some paths need more rights'],
	EPERM: ['not-permitted', 'the system forbids it; look at firewall rules and the rights of this process'],
	EADDRINUSE: ['address-in-use', 'something already listens there; choose another port, or 0 for a free one'],
	EADDRNOTAVAIL: ['address-unavailable', 'this machine does not have that local address'],
	EAFNOSUPPORT: ['unreachable', 'this machine does not have that address family'],
	ECONNREFUSED: ['refused', 'nothing listens there; is the server running, and is the port right?'],
	ENOENT: ['refused', 'there is no socket at that path; is the server running?'],
	ENOTSOCK: ['refused', 'the file at that path is not a socket'],
	ECONNRESET: ['reset', 'the peer broke the connection off'],
	ECONNABORTED: ['reset', 'the connection was broken off'],
	EPIPE: ['reset', 'the peer has closed its end'],
	ENETUNREACH: ['unreachable', 'this machine has no route to that network'],
	EHOSTUNREACH: ['unreachable', 'the host cannot be reached; a router said so'],
	ENETDOWN: ['unreachable', 'the network interface is down'],
	EHOSTDOWN: ['unreachable', 'the host is down'],
	ETIMEDOUT: ['timed-out', 'no answer came; the host may be down, or a firewall drops the packets'],
	EMFILE: ['resource-limit', 'this process has too many open files; close some, or raise its limit'],
	ENFILE: ['resource-limit', 'the system has too many open files'],
	ENOBUFS: ['resource-limit', 'the system has no buffers left'],
	ENOMEM: ['resource-limit', 'the system has no memory left'],
	EMSGSIZE: ['too-large', 'the datagram is larger than the path or the socket takes'],
	ENAMETOOLONG: ['bad-argument', 'the path is too long for a Unix socket (107 bytes on Linux)'],
	EINVAL: ['bad-argument', 'the system rejects the arguments'],
};

/**
 * Wraps what the system threw. An error of ours passes through; an errno we do not know becomes `fallback`, with the
 * system's own text.
 */
export function fromSystem(
	error: unknown,
	context: ErrorContext & { readonly operation: string },
	fallback: ErrorCode = 'send-failed',
): PostSocketsError {
	if (error instanceof PostSocketsError) return error;
	const name = error instanceof Error && 'code' in error ? String(error.code) : '';
	const [code, advice] = (Object.hasOwn(table, name) ? table[name] : undefined) ?? [
		fallback,
		error instanceof Error ? error.message : String(error),
	];
	const where = context.remote ?? context.local;
	return new PostSocketsError(code, `${context.operation}${where ? ` ${where}` : ''}: ${advice}`, {
		...context,
		cause: error,
	});
}
