/** Watches the interfaces and writes what it hears, one line per interface. */

import type { Interface } from '../../../src/stack/stack.ts';
import { kernel } from '../../../src/stacks/kernel/kernel.ts';

const stack = kernel();
stack.watch(({ added, removed, changed }) => {
	for (const each of removed) say('removed', each);
	for (const each of added) say('added', each);
	for (const each of changed) say('changed', each);
});
// A watcher does not hold the process: the end of its standard input does end it.
process.stdin.resume();
console.log('ready');

function say(what: string, { name, mtu, addresses }: Interface): void {
	console.log(`${what} ${name} mtu ${mtu} ${addresses.join(' ')};`);
}
