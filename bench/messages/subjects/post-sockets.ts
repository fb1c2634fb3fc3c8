/** What this repository is about, used as its documentation says. */

import {
	type Carrier,
	codec,
	frame,
	initiate,
	listen,
	messages,
	type Protocol,
	selfSigned,
} from '../../../src/entry/index.ts';
import type { Load } from '../cases.ts';
import { service } from '../service.ts';
import type { Link, Message, Subject } from '../subject.ts';

interface Address {
	readonly port: number;
	readonly cert: string | undefined;
}

export const subject: Subject = {
	async listen(load): Promise<Address> {
		const security = load.secure ? selfSigned() : undefined;
		const listener = await listen(load.secure ? '127.0.0.1:0' : 'tcp://127.0.0.1:0', {
			protocol: protocolOf(load),
			security,
		});
		void serve(listener, load);
		return { port: listener.port!, cert: security?.cert };
	},

	async connect(address, load): Promise<Link> {
		const { port, cert } = address as Address;
		const carrier = await initiate(load.secure ? `localhost:${port}` : `tcp://127.0.0.1:${port}`, {
			protocol: protocolOf(load),
			...(cert && { security: { ca: cert } }),
		});
		return {
			send: (message) => carrier.post(message),
			drained: () => carrier.drained(),
			ask: (message) => carrier.request(message),
			written: (message) => carrier.send(message),
		};
	},
};

function protocolOf(load: Load): Protocol<Message, Message> {
	const content = load.content === 'json' ? codec.json<Message>() : codec.bytes();
	return messages(frame.lengthPrefix(), content) as Protocol<Message, Message>;
}

async function serve(carriers: AsyncIterable<Carrier<Message, Message>>, load: Load): Promise<void> {
	for await (const carrier of carriers) {
		const take = service(load, (message) => void carrier.post(message));
		if (load.receive === 'iterated') void iterate(carrier, take);
		else carrier.onMessage(({ content }) => take(content), { borrow: load.receive === 'borrowed' });
	}
}

async function iterate(carrier: Carrier<Message, Message>, take: (message: Message) => void): Promise<void> {
	for await (const { content } of carrier) take(content);
}
