/** What OpenSSL and node:tls say, as our codes with advice. */

import { type ErrorContext, PostSocketsError } from '../../base/errors.ts';
import { fromSystem } from '../../base/system-error.ts';

const untrusted = new Set([
	'DEPTH_ZERO_SELF_SIGNED_CERT',
	'SELF_SIGNED_CERT_IN_CHAIN',
	'UNABLE_TO_GET_ISSUER_CERT',
	'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
	'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
	'CERT_SIGNATURE_FAILURE',
	'CERT_UNTRUSTED',
	'CERT_REJECTED',
	'CERT_REVOKED',
	'CERT_CHAIN_TOO_LONG',
	'INVALID_CA',
	'INVALID_PURPOSE',
	'PATH_LENGTH_EXCEEDED',
]);

const outOfDate = new Set(['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID']);

/** `error`: undefined for a connection that closed. `identity`: the name that was asked for. */
export function tlsError(
	error: unknown,
	identity: string | undefined,
	where: ErrorContext & { readonly operation: string },
): PostSocketsError {
	if (error instanceof PostSocketsError) return error;
	const { code = '', message = '' } = (error ?? {}) as { code?: string; message?: string };
	const context = { ...where, cause: error };
	const { remote } = where;
	// What node says of a peer that hangs up is no system's error.
	if (error === undefined || (code === 'ECONNRESET' && !('syscall' in (error as object)))) {
		return new PostSocketsError('reset', `${remote} closed during the TLS handshake`, context);
	}
	if (outOfDate.has(code)) {
		const when = code === 'CERT_HAS_EXPIRED' ? 'has expired' : 'is not valid yet';
		return new PostSocketsError(
			'certificate-expired',
			`the certificate of ${remote} ${when}; renew it there, and check this machine's clock`,
			context,
		);
	}
	if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
		const cert = (error as { cert?: { subjectaltname?: string } }).cert;
		return new PostSocketsError(
			'name-mismatch',
			`the certificate of ${remote} is not for "${identity}" but for ${cert?.subjectaltname ?? 'no name'}; ` +
				'connect by a name it carries, or say which with `security: { serverName }`',
			context,
		);
	}
	if (code === 'ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE') {
		return new PostSocketsError(
			'certificate-untrusted',
			`${remote} showed no certificate, and one is required`,
			context,
		);
	}
	if (untrusted.has(code)) {
		return new PostSocketsError(
			'certificate-untrusted',
			`no authority we trust vouches for the certificate of ${remote} (${message}); pass its authority as ` +
				'`security: { ca }` or the certificate’s fingerprint as `security: { pin }`',
			context,
		);
	}
	if (/ALERT/.test(code) || /alert/.test(message)) {
		const alert = /alert ([a-z ]+?)(?:[:]|$)/.exec(message)?.[1] ?? code;
		return new PostSocketsError('tls-alert', `${remote} refused the handshake: ${alert}`, context);
	}
	if (/NO_SHARED|NO_SUITABLE|NO_APPLICATION_PROTOCOL|UNSUPPORTED_PROTOCOL/.test(code)) {
		return new PostSocketsError(
			'tls-failed',
			`${remote} has nothing in common with us (${reasonOf(code)}): compare certificates, pre-shared keys, ` +
				'`allowedSecurityProtocols`, `ciphers`, `groups`, `signatureAlgorithms` and `alpn` of the two',
			context,
		);
	}
	if (/WRONG_VERSION_NUMBER|PACKET_LENGTH|HTTP_REQUEST|UNEXPECTED_MESSAGE/.test(code)) {
		return new PostSocketsError(
			'tls-failed',
			`${remote} does not speak TLS there; is the port right? An unsecured service is named tcp://host:port`,
			context,
		);
	}
	return fromSystem(error, { ...context, operation: 'handshake' }, 'tls-failed');
}

function reasonOf(code: string): string {
	return code
		.replace(/^ERR_SSL_/, '')
		.replaceAll('_', ' ')
		.toLowerCase();
}
