/**
 * The few calls of the C library that node does not make for us, by koffi, an optional peer dependency. Linux only for
 * now: other systems have other numbers and other structs.
 */

import { createRequire } from 'node:module';
import type { SocketOption } from './socket-options.ts';

/** On the descriptor of an open socket. What the system refuses is undefined, or false. */
export interface Libc {
	/** Reads into `value`; returns how many bytes the kernel wrote. */
	get(descriptor: number, option: SocketOption, value: Uint8Array): number | undefined;
	set(descriptor: number, option: SocketOption, value: number | Uint8Array): boolean;
	/** Bytes written to a TCP socket, sent or not, that the peer has not acknowledged. */
	outgoing(descriptor: number): number | undefined;
	/** Bytes written to a TCP socket that were not sent. */
	unsent(descriptor: number): number | undefined;
}

let found: { readonly libc: Libc | undefined } | undefined;

/** Looked for at the first call. None where the environment has `POST_NO_NATIVE=1`. */
export function libc(): Libc | undefined {
	found ??= { libc: process.env['POST_NO_NATIVE'] === '1' ? undefined : openLibc(createRequire(import.meta.url)) };
	return found.libc;
}

/** None on other systems than Linux, without koffi or its binary for this machine, or where native code is forbidden. */
export function openLibc(require: (name: string) => unknown): Libc | undefined {
	if (process.platform !== 'linux') return undefined;
	try {
		return libcOver(require('koffi') as Koffi);
	} catch {
		return undefined;
	}
}

/** What is used of it. */
interface Koffi {
	load(path: null): { func(prototype: string): (...values: unknown[]) => number };
}

/** linux/sockios.h */
const SIOCOUTQ = 0x5411;
const SIOCOUTQNSD = 0x894b;

function libcOver(koffi: Koffi): Libc {
	// This process, which has a C library in it, glibc or musl.
	const self = koffi.load(null);
	const getsockopt = self.func('int getsockopt(int descriptor, int level, int name, void *value, void *length)');
	const setsockopt = self.func('int setsockopt(int descriptor, int level, int name, void *value, uint32_t length)');
	const ioctl = self.func('int ioctl(int descriptor, unsigned long request, void *value)');
	const asked = (descriptor: number, request: number) =>
		ioctl(descriptor, request, integer) === 0 ? integer[0] : undefined;
	const length = new Uint32Array(1);
	const integer = new Int32Array(1);
	return {
		get(descriptor, { level, name }, value) {
			length[0] = value.length;
			return getsockopt(descriptor, level, name, value, length) === 0 ? length[0] : undefined;
		},
		set(descriptor, { level, name }, value) {
			if (typeof value !== 'number') return setsockopt(descriptor, level, name, value, value.length) === 0;
			integer[0] = value;
			return setsockopt(descriptor, level, name, integer, integer.byteLength) === 0;
		},
		outgoing: (descriptor) => asked(descriptor, SIOCOUTQ),
		unsent: (descriptor) => asked(descriptor, SIOCOUTQNSD),
	};
}
