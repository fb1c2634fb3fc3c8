/**
 * The link, a process of its own: `shaper.ts PORT BYTES_PER_MS`. It relays one connection after another to PORT, at that
 * rate one way, and holds its sender back by not reading. Its kernel's receive buffer is the link's; how much that held is
 * told, because nobody can overtake it.
 */

import { createRequire } from 'node:module';
import * as net from 'node:net';
import { openLibc } from '../../../src/stacks/kernel/native/libc.ts';
import { bufferedIn } from './buffered.ts';

const [port, rateText] = process.argv.slice(2);
const rate = Number(rateText);
/** Milliseconds between two looks at the bucket, and how long it fills when nobody takes from it. */
const tick = 2;
const burst = 10;
/** Bytes of one read, and asked of the kernel for its buffer, which takes twice that for its own bookkeeping. */
const step = 2048;
const receiveBuffer = { level: 1, name: 8 };
const buffer = 16_384;

process.on('disconnect', () => process.exit());
const libc = openLibc(createRequire(import.meta.url));
const server = net.createServer({ pauseOnConnect: true, noDelay: true }, relay);
server.listen(0, '127.0.0.1', () => {
	// Before anybody connects, so that the window never was larger.
	const { fd } = (server as unknown as { _handle: { fd: number } })._handle;
	if (libc?.set(fd, receiveBuffer, buffer)) process.send!({ value: (server.address() as net.AddressInfo).port });
	else process.send!({ error: 'the link needs koffi, to have a small buffer' });
});
let most = 0;
process.on('message', () => {
	process.send!({ value: most });
	most = 0;
});

function relay(accepted: net.Socket): void {
	const out = net.connect({ host: '127.0.0.1', port: Number(port), noDelay: true });
	let tokens = 0;
	let last = performance.now();
	let looks = 0;
	const owner = accepted as unknown as { _handle: object | null };
	const handle = owner._handle;
	owner._handle = null;
	const onread: net.OnReadOpts = {
		buffer: Buffer.allocUnsafeSlow(step),
		callback(length, bytes) {
			out.write(Buffer.from(bytes.subarray(0, length)));
			tokens -= length;
			return tokens > 0;
		},
	};
	const socket = new net.Socket({ handle, onread, manualStart: true } as net.SocketConstructorOpts);
	socket.on('error', () => {});
	out.on('error', () => socket.destroy());
	out.on('data', (chunk) => socket.write(chunk));
	const timer = setInterval(() => {
		const now = performance.now();
		tokens = Math.min(tokens + (now - last) * rate, burst * rate);
		last = now;
		if (tokens > 0) socket.resume();
		if (looks++ % 25 === 0) most = Math.max(most, bufferedIn(socket.localPort!, socket.remotePort!));
	}, tick);
	const over = () => {
		clearInterval(timer);
		out.destroy();
	};
	socket.on('end', over).on('close', over);
}
