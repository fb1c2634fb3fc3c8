/**
 * Stacks by name, like files: `mount('/net/vpn0', stack)`. And the default stack, which a program that names none
 * stands on. The table lives behind a versioned symbol, so that two copies of this package share it.
 */

import { badArgument, PostSocketsError } from '../base/errors.ts';
import type { Stack } from './stack.ts';

interface Registry {
	readonly mounts: Map<string, Stack>;
	makeDefault: (() => Stack) | undefined;
	default: Stack | undefined;
}

const key = Symbol.for('post-sockets.stacks.1');
const shared = globalThis as { [key]?: Registry };
const registry: Registry = (shared[key] ??= { mounts: new Map(), makeDefault: undefined, default: undefined });

/** Gives a stack a name, an absolute path such as `/net/vpn0`. Throws `bad-argument` if the name is taken or relative. */
export function mount(path: string, stack: Stack): void {
	if (!/^(\/[^/\0]+)+$/.test(path))
		throw badArgument(`"${path}" is no mount point; write a path like /net/vpn0`, 'mount');
	if (registry.mounts.has(path))
		throw badArgument(`something is mounted on ${path} already; unmount it first`, 'mount');
	registry.mounts.set(path, stack);
}

/** Takes the name away and returns the stack, which lives on. Throws `bad-argument` if nothing is mounted there. */
export function unmount(path: string): Stack {
	const stack = stackAt(path);
	registry.mounts.delete(path);
	return stack;
}

/** The stack of that name. Throws `bad-argument` and names those that exist. */
export function stackAt(path: string): Stack {
	const stack = registry.mounts.get(path);
	if (stack) return stack;
	const known = [...registry.mounts.keys()].join(', ') || 'nothing is mounted';
	throw badArgument(`no stack is mounted on "${path}" (${known})`);
}

/** Every mounted stack by its name, in the order of mounting. */
export function mounts(): ReadonlyMap<string, Stack> {
	return new Map(registry.mounts);
}

/** The stack of those who name none. */
export function defaultStack(): Stack {
	registry.default ??= registry.makeDefault?.();
	if (registry.default) return registry.default;
	throw new PostSocketsError('not-supported', 'there is no default stack here; pass one as `local: { stack }`');
}

/** Says how the default stack is made, when it is first needed. The first to say so wins. For entry points. */
export function provideDefaultStack(make: () => Stack): void {
	registry.makeDefault ??= make;
}
