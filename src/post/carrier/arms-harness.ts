/** Law 12, one body, two arms: tests of carriers run on memory, in virtual time, and on the kernel. */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { IpAddress } from '../../base/address.ts';
import { concat } from '../../base/bytes.ts';
import type { PostSocketsError } from '../../base/errors.ts';
import { isUnix, type SocketAddress } from '../../base/socket-address.ts';
import { type VirtualClock, virtualClock } from '../../base/virtual-clock.ts';
import type { Flow, FlowHandler } from '../../stack/flow.ts';
import type { Acceptor, Dialer, Naming, Stack } from '../../stack/stack.ts';
import { kernel } from '../../stacks/kernel/kernel.ts';
import { type MemoryOptions, type MemoryStack, memory } from '../../stacks/memory/memory.ts';
import { turns, until } from '../../testing/suite.ts';
import type { Protocol } from '../message/protocol.ts';
import type { Carrier } from './carrier.ts';
import { initiate } from './initiate.ts';
import { type ListenOptions, listen } from './listen.ts';
import type { InitiateOptions } from './options.ts';

export const never = new AbortController().signal;

type ArmStack = Stack & Dialer & Acceptor & Naming;

export class Arm {
	readonly name: string;
	readonly stack: ArmStack;
	readonly #left: () => number;
	readonly #folder: string;

	constructor(name: string, stack: ArmStack, left: () => number) {
		this.name = name;
		this.stack = stack;
		this.#left = left;
		this.#folder = name === 'kernel' ? mkdtempSync(join(tmpdir(), 'post-')) : '/memory';
	}

	/** A path for a Unix socket. */
	path(name = 'socket'): string {
		return join(this.#folder, name);
	}

	/** Listens on loopback, by TCP unless `scheme` says otherwise. */
	listen<In, Out>(
		protocol: Protocol<In, Out>,
		options: ListenOptions<In, Out> = {},
		scheme: string | undefined = 'tcp',
	) {
		const place =
			scheme === 'unix'
				? { path: this.path() }
				: { scheme: scheme === 'tls' ? undefined : scheme, address: '127.0.0.1' };
		return listen<In, Out>({ ...place, stack: this.stack }, { protocol, ...options });
	}

	/** A carrier to a listener of this arm. */
	connect<In, Out>(
		listener: { readonly locals: readonly string[] } | number,
		options: InitiateOptions<In, Out> & { scheme?: string } = {},
	) {
		const { scheme = 'tcp', ...rest } = options;
		const [local] = typeof listener === 'number' ? [`127.0.0.1:${listener}`] : listener.locals;
		const remote = local!.startsWith('unix:') ? local! : `${scheme === 'tls' ? '' : `${scheme}://`}${local}`;
		return initiate<In, Out>(remote, { local: { stack: this.stack }, ...rest });
	}

	/** Both ends of one carrier, and the listener it came by, which is closed already. */
	async pair<In, Out>(
		protocol: Protocol<In, Out> & { mirrored(): Protocol<Out, In> },
		options: InitiateOptions<In, Out> & { scheme?: string; server?: ListenOptions<Out, In> } = {},
	): Promise<{ client: Carrier<In, Out>; server: Carrier<Out, In> }> {
		const { server: listening, ...connecting } = options;
		const listener = await this.listen(protocol.mirrored(), listening, options.scheme);
		const [client, server] = await Promise.all([
			this.connect(listener, { protocol, ...connecting }),
			listener.accept(),
		]);
		await listener.close();
		return { client, server: server! };
	}

	/** A peer that speaks bytes: connects to a listener of this arm. */
	async rawClient(listener: {
		readonly locals: readonly string[];
		readonly port: number | undefined;
	}): Promise<RawPeer> {
		const [local] = listener.locals;
		const address: SocketAddress = local!.startsWith('unix:')
			? { path: local!.slice('unix:'.length) }
			: { address: IpAddress.loopback4, port: listener.port! };
		return new RawPeer(await this.stack.connect(address, { signal: never }));
	}

	/** A listener that speaks bytes, on loopback. */
	async rawServer(
		onPeer: (peer: RawPeer) => void = () => {},
	): Promise<{ port: number; peers: RawPeer[]; close(): Promise<void> }> {
		const peers: RawPeer[] = [];
		const onFlow = (flow: Flow) => {
			const peer = new RawPeer(flow);
			peers.push(peer);
			onPeer(peer);
		};
		const place = await this.stack.listen(
			{ address: IpAddress.loopback4, port: 0 },
			{ handler: { onFlow, onClose() {} }, signal: never },
		);
		if (isUnix(place.local)) throw new Error('not a port');
		return { port: place.local.port, peers, close: () => place.close() };
	}

	/** Milliseconds pass. */
	after(milliseconds: number): Promise<void> {
		return new Promise((resolve) => void this.stack.clock.after(milliseconds, resolve));
	}

	async nothingLeft(): Promise<void> {
		await until(`nothing is left on ${this.name}`, () => this.#left() === 0);
	}

	async end(): Promise<void> {
		await this.stack.close();
		if (this.name === 'kernel') rmSync(this.#folder, { recursive: true, force: true });
	}
}

/** One end of a connection, without a protocol. */
export class RawPeer implements FlowHandler {
	readonly flow: Flow;
	readonly #chunks: Uint8Array[] = [];
	received = 0;
	ended = false;
	closed = false;
	error: PostSocketsError | undefined;

	constructor(flow: Flow) {
		this.flow = flow;
		flow.handler = this;
		flow.resume();
	}

	get text(): string {
		return new TextDecoder().decode(concat([new Uint8Array(0), ...this.#chunks]));
	}

	get bytes(): Uint8Array {
		return concat([new Uint8Array(0), ...this.#chunks]);
	}

	write(content: string | Uint8Array): boolean {
		return this.flow.write([typeof content === 'string' ? new TextEncoder().encode(content) : content]);
	}

	onData(chunk: Uint8Array): void {
		this.#chunks.push(chunk.slice());
		this.received += chunk.length;
	}

	onDrain(): void {}

	onEnd(): void {
		this.ended = true;
	}

	onClose(error: PostSocketsError | undefined): void {
		this.closed = true;
		this.error = error;
	}
}

export function memoryArm(
	options: MemoryOptions = {},
): Arm & { readonly stack: MemoryStack & { readonly clock: VirtualClock } } {
	const clock = virtualClock();
	const stack = memory({ clock, rtt: 20, ...options });
	const left = () => Object.values(stack.sockets).reduce((sum, count) => sum + count, clock.pending);
	return new Arm('memory', stack, left) as ReturnType<typeof memoryArm>;
}

export function kernelArm(): Arm {
	const stack = kernel();
	return new Arm('kernel', stack, () => stack.open);
}

/** Declares `body` as a test of each arm. It must leave nothing open: that is checked. */
export function onBothArms(title: string, body: (arm: Arm) => Promise<void>): void {
	for (const make of [memoryArm, kernelArm]) {
		const arm = make();
		test(`${title} (${arm.name})`, { timeout: 60_000 }, () => onArm(arm, body));
	}
}

/** Declares `body` as a test of the memory arm alone: what it asks for cannot be arranged with the kernel. */
export function onMemory(title: string, body: (arm: ReturnType<typeof memoryArm>) => Promise<void>): void {
	test(`${title} (memory)`, { timeout: 60_000 }, () => onArm(memoryArm(), body));
}

/** Runs `body`, and sees to it that nothing is left. */
export async function onArm<A extends Arm>(arm: A, body: (arm: A) => Promise<void>): Promise<void> {
	try {
		await body(arm);
		await arm.nothingLeft();
	} finally {
		await arm.end();
	}
}

/** Closes carriers of one connection, both at once. */
export async function closeAll(...carriers: readonly { close(): Promise<void> }[]): Promise<void> {
	await Promise.all(carriers.map((carrier) => carrier.close()));
}

export async function collect<T>(carrier: AsyncIterable<{ readonly content: T }>): Promise<T[]> {
	const all: T[] = [];
	for await (const { content } of carrier) all.push(content);
	return all;
}

/** Runs `body` while errors that nobody catches are collected instead of ending the test. */
export async function uncaughtDuring(body: () => Promise<void>): Promise<unknown[]> {
	const caught: unknown[] = [];
	const listeners = process.listeners('uncaughtException');
	const rejections = process.listeners('unhandledRejection');
	process.removeAllListeners('uncaughtException').removeAllListeners('unhandledRejection');
	const onError = (error: unknown) => void caught.push(error);
	process.on('uncaughtException', onError).on('unhandledRejection', onError);
	try {
		await body();
		await turns(5);
	} finally {
		process.off('uncaughtException', onError).off('unhandledRejection', onError);
		for (const listener of listeners) process.on('uncaughtException', listener);
		for (const listener of rejections) process.on('unhandledRejection', listener);
	}
	return caught;
}

/** The first value of `actual` that differs, so that a failed property says where. */
export function assertSameBytes(actual: readonly Uint8Array[], expected: readonly Uint8Array[]): void {
	assert.equal(actual.length, expected.length, 'as many messages as were sent');
	for (const [index, bytes] of expected.entries()) {
		assert.ok(
			Buffer.compare(actual[index]!, bytes) === 0,
			`message ${index} of ${bytes.length} bytes is not what was sent`,
		);
	}
}
