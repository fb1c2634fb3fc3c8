/** The loads: what the client does in one run, and what it measures. */

import type { Load } from './cases.ts';
import { countIn, messageOf } from './service.ts';
import type { Link } from './subject.ts';

/** Messages between two looks at the clock. */
const stride = 64;

/** Loads `link` for so many milliseconds. Resolves with messages, round trips or 10⁹ bytes of content per second. */
export async function measure(link: Link, load: Load, milliseconds: number): Promise<number> {
	const run = load.pattern === 'echo' ? echo : load.outstanding > 0 ? awaited : oneway;
	const start = performance.now();
	const messages = await run(link, load, start + milliseconds);
	const seconds = (performance.now() - start) / 1000;
	return (load.bytes >= 65_536 ? (messages * load.bytes) / 1e9 : messages) / seconds;
}

async function oneway(link: Link, load: Load, deadline: number): Promise<number> {
	const message = messageOf(load, false);
	let sent = 0;
	while (performance.now() < deadline) {
		for (let index = 0; index < stride; index += 1) if (!link.send(message)) await link.drained();
		sent += stride;
	}
	return finish(link, load, sent);
}

/** Sends groups of messages, each when all of the one before were written; a subject that cannot tell just sends. */
async function awaited(link: Link, load: Load, deadline: number): Promise<number> {
	if (!link.written) return oneway(link, load, deadline);
	const message = messageOf(load, false);
	let sent = 0;
	while (performance.now() < deadline) {
		await Promise.all(Array.from({ length: load.outstanding }, () => link.written!(message)));
		sent += load.outstanding;
	}
	return finish(link, load, sent);
}

/** Everything has arrived when the answer to the last message has; it says how much that was. */
async function finish(link: Link, load: Load, sent: number): Promise<number> {
	const received = countIn(await link.ask(messageOf(load, true)));
	if (received !== sent + 1) throw new Error(`${sent + 1} messages were sent and ${received} received`);
	return received;
}

async function echo(link: Link, load: Load, deadline: number): Promise<number> {
	const message = messageOf(load, false);
	let replies = 0;
	const one = async () => {
		while (performance.now() < deadline) {
			await link.ask(message);
			replies += 1;
		}
	};
	await Promise.all(Array.from({ length: load.outstanding }, one));
	return replies;
}
