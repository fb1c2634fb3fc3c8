/** What is done to the sockets of node:tls at both ends. */

import type { Server, TLSSocket } from 'node:tls';
import type { Security } from '../policy/security.ts';

/** `onError` hears of errors and, without one, of the end. */
export function watch(socket: TLSSocket, onError: (error?: Error) => void): TLSSocket {
	socket.on('error', (error) => {
		onError(error);
		// Of an alert after the handshake node only tells, and a half-open socket would stay for ever.
		socket.destroy();
	});
	return socket.once('close', () => onError());
}

/** Call it before the handshake begins. */
export function logKeys(source: TLSSocket | Server, keyLog: Security['keyLog']): void {
	if (keyLog) (source as TLSSocket).on('keylog', (line) => keyLog(line.toString('latin1').trimEnd()));
}
