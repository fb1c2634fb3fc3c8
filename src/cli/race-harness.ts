/** Races made by hand, for the tests of text and picture. */

import type { AttemptReport, QueryReport, RaceReport } from '../entry/index.ts';

export type Race = RaceReport;

export function attempt(address: string, rest: Partial<AttemptReport>): AttemptReport {
	return {
		address,
		port: 443,
		family: address.includes(':') ? 6 : 4,
		protocol: 'tls',
		stack: 'kernel',
		start: 0,
		connected: null,
		end: null,
		phase: 'connect',
		outcome: 'running',
		code: null,
		message: null,
		...rest,
	};
}

export function query(type: 'A' | 'AAAA', rest: Partial<QueryReport>): QueryReport {
	return {
		name: 'example.com',
		type,
		stack: 'kernel',
		server: 'dns 192.0.2.53',
		start: 0,
		end: 12,
		outcome: 'found',
		addresses: ['192.0.2.7'],
		...rest,
	};
}

export function report(rest: Partial<RaceReport>): RaceReport {
	return {
		target: 'example.com:443',
		winner: null,
		milliseconds: 300,
		plaintextFallback: false,
		attempts: [],
		dns: [],
		...rest,
	};
}

/** IPv6 is a black hole, IPv4 wins. */
export const blackHole = report({
	winner: '192.0.2.7',
	milliseconds: 312.4,
	dns: [query('AAAA', { end: 18.3, addresses: ['2001:db8::1'] }), query('A', { start: 0.12, end: 24.9 })],
	attempts: [
		attempt('2001:db8::1', { start: 18.4, end: 312.4, outcome: 'cancelled' }),
		attempt('192.0.2.7', { start: 268.5, connected: 289.2, end: 312.4, phase: 'ready', outcome: 'won' }),
	],
});

export const allFailed = report({
	milliseconds: 41.7,
	dns: [
		query('AAAA', { end: 9.1, addresses: ['2001:db8::1', '2001:db8::2'] }),
		query('A', { start: 0.1, end: 9.8, addresses: ['192.0.2.7', '192.0.2.8'] }),
	],
	attempts: [
		attempt('2001:db8::1', { start: 9.2, end: 9.6, outcome: 'failed', code: 'unreachable' }),
		attempt('192.0.2.7', { start: 9.6, end: 29.9, outcome: 'failed', code: 'refused' }),
		attempt('2001:db8::2', { start: 29.9, end: 30.2, outcome: 'failed', code: 'unreachable' }),
		attempt('192.0.2.8', { start: 30.2, end: 41.7, outcome: 'failed', code: 'refused' }),
	],
});

export const noSuchName = report({
	target: 'exmaple.test:443',
	milliseconds: 33.2,
	dns: [
		query('AAAA', { name: 'exmaple.test', end: 30.1, outcome: 'not-found', addresses: [] }),
		query('A', { name: 'exmaple.test', start: 0.1, end: 33.2, outcome: 'not-found', addresses: [] }),
	],
});

export const badCertificate = report({
	milliseconds: 64.1,
	dns: [query('AAAA', { end: 8.8, outcome: 'empty', addresses: [] }), query('A', { start: 0.1, end: 9.4 })],
	attempts: [
		attempt('192.0.2.7', {
			start: 9.4,
			connected: 30.5,
			end: 64.1,
			phase: 'handshake',
			outcome: 'failed',
			code: 'certificate-expired',
			message: 'the certificate of 192.0.2.7:443 has expired',
		}),
	],
});

export const twentyAttempts = report({
	target: 'many.example.com:443',
	winner: '192.0.2.10',
	milliseconds: 4_817,
	dns: [
		query('AAAA', {
			name: 'many.example.com',
			end: 15,
			addresses: Array.from({ length: 10 }, (_, n) => `2001:db8::${n + 1}`),
		}),
		query('A', {
			name: 'many.example.com',
			end: 16,
			addresses: Array.from({ length: 10 }, (_, n) => `192.0.2.${n + 1}`),
		}),
	],
	attempts: Array.from({ length: 20 }, (_, n) => {
		const start = 15 + n * 250;
		if (n === 19) {
			return attempt('192.0.2.10', { start, connected: start + 20, end: 4_817, phase: 'ready', outcome: 'won' });
		}
		if (n % 2 === 0) return attempt(`2001:db8::${n / 2 + 1}`, { start, end: 4_817, outcome: 'cancelled' });
		const address = `192.0.2.${(n + 1) / 2}`;
		return n % 4 === 1
			? attempt(address, { start, end: start + 21, outcome: 'failed', code: 'refused' })
			: attempt(address, {
					start,
					connected: start + 30,
					end: start + 90,
					phase: 'handshake',
					outcome: 'failed',
					code: 'reset',
				});
	}),
});

export const unixSocket = report({
	target: 'unix:/run/app/very/long/path/of/a/socket.sock',
	winner: '/run/app/very/long/path/of/a/socket.sock',
	milliseconds: 0.42,
	attempts: [
		attempt('/run/app/very/long/path/of/a/socket.sock', {
			port: null,
			family: 'unix',
			protocol: 'unix',
			start: 0.05,
			end: 0.42,
			phase: 'ready',
			outcome: 'won',
		}),
	],
});

/** Names that try to break out. */
export const hostile = report({
	target: '</text><script>alert(1)</script>"\'&\x1b[31m\x9b2J\u202e\ud800\n.example:443',
	milliseconds: 5_000,
	dns: [
		query('A', {
			name: '\x1b]0;owned\x07<b>&amp;',
			server: '\x1b[2J"><script>',
			outcome: 'failed',
			end: 5_000,
			addresses: [],
		}),
	],
	attempts: [
		attempt('<image href="http://evil"/>\x1b[1A', {
			stack: '"/><script>\x00',
			end: 4,
			outcome: 'failed',
			code: 'refused',
		}),
		attempt(`/${'long'.repeat(60)}`, {
			family: 'unix',
			port: null,
			protocol: 'unix',
			end: 5_000,
			outcome: 'cancelled',
		}),
	],
});
