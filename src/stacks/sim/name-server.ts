/** A name server on a host: what it is told it knows, with authority, over UDP and TCP. RFC 1034 §4.3, RFC 2308 */

import { IpAddress } from '../../base/address.ts';
import { ByteQueue } from '../../base/bytes.ts';
import type { PostSocketsError } from '../../base/errors.ts';
import { deaf, type Flow } from '../../stack/flow.ts';
import { emitMessage, type Message, parseMessage, rcodes } from '../../wire/dns/message.ts';
import { foldName, isWithin } from '../../wire/dns/name.ts';
import { type AnyRecord, internet, type ResourceRecord, type TypeName } from '../../wire/dns/record.ts';
import type { Host, HostOptions } from './host.ts';
import { mostNameQueries } from './limits.ts';

/** What is known of one name. */
export interface NameRecords {
	readonly A?: readonly string[] | undefined;
	readonly AAAA?: readonly string[] | undefined;
	/** Another name, which is looked up as well if this server knows it. */
	readonly CNAME?: string | undefined;
	/** Records of any type; of what they are called, only what is said counts. */
	readonly records?: readonly ResourceRecord[] | undefined;
	/** Seconds. Default 60. */
	readonly ttl?: number | undefined;
	/** Milliseconds until it is answered, on top of what the server takes. */
	readonly delay?: Delay | undefined;
}

/** Milliseconds, or by type. */
export type Delay = number | { readonly [T in TypeName]?: number };

export interface NameServerOptions extends HostOptions {
	/** Names in lower case without a final dot. */
	readonly names?: Readonly<Record<string, NameRecords>> | undefined;
	/** Until an answer leaves. Default 0. */
	readonly delay?: Delay | undefined;
	/**
	 * `silent`: it answers nothing. `lame`: it says that it is not in charge. `failing`: it says that it failed.
	 * `truncating`: over UDP it always asks to come by TCP. Default `answering`.
	 */
	readonly behaviour?: 'answering' | 'silent' | 'lame' | 'failing' | 'truncating' | undefined;
	/** Hosts that are made later do not ask it of themselves. Default false. */
	readonly hidden?: boolean | undefined;
}

/** The addresses of a host of the network, by its name in lower case; undefined where there is none. */
export type Zone = (name: string, type: 'A' | 'AAAA') => readonly string[] | undefined;

const never = new AbortController().signal;
/** Aliases that are followed. */
const mostAliases = 16;

export async function nameServer(host: Host, domain: string, own: Zone, options: NameServerOptions): Promise<void> {
	const server = new NameServer(host, domain, own, options);
	for (const address of [IpAddress.any4, IpAddress.any6]) await server.serve(address);
}

class NameServer {
	readonly #host: Host;
	readonly #domain: string;
	readonly #own: Zone;
	readonly #options: NameServerOptions;
	#pending = 0;

	constructor(host: Host, domain: string, own: Zone, options: NameServerOptions) {
		this.#host = host;
		this.#domain = domain;
		this.#own = own;
		this.#options = options;
	}

	async serve(address: IpAddress): Promise<void> {
		const local = { address, port: 53 };
		const life = this.#host.life;
		const port = await this.#host.bind(local, { signal: never });
		port.handler = {
			onDatagram: (bytes, from) => this.#hear(bytes, 'udp', (said) => port.send(said, from)),
			onError() {},
			onClose: (error) => this.#again(address, life, error),
		};
		await this.#host.listen(local, { handler: { onFlow: (flow) => this.#accept(flow), onClose() {} }, signal: never });
	}

	/** It was restarted: its program begins again. */
	#again(address: IpAddress, life: number, error: PostSocketsError | undefined): void {
		if (error === undefined) return;
		this.#host.onceUp(life, () => void this.serve(address).catch(() => {}));
	}

	#accept(flow: Flow): void {
		const input = new ByteQueue();
		flow.handler = {
			...deaf,
			onData: (chunk) => {
				input.push(chunk);
				while (input.length >= 2 && input.length >= 2 + input.at(0) * 256 + input.at(1)) {
					const length = input.at(0) * 256 + input.at(1);
					input.skip(2);
					this.#hear(new Uint8Array(input.take(length)), 'tcp', (said) =>
						flow.write([Uint8Array.of(said.length >> 8, said.length & 255), said]),
					);
				}
				input.own();
			},
			onEnd: () => flow.end(),
		};
		flow.resume();
	}

	#hear(bytes: Uint8Array, by: 'udp' | 'tcp', send: (bytes: Uint8Array) => void): void {
		const query = parseMessage(bytes);
		const question = query?.questions[0];
		const { behaviour = 'answering' } = this.#options;
		if (!query || !question || query.response || behaviour === 'silent' || this.#pending >= mostNameQueries) return;
		const { type } = question;
		const name = foldName(question.name);
		const truncated = behaviour === 'truncating' && by === 'udp';
		const said = emitMessage({ ...echo(query), ...(truncated ? { truncated } : this.#answer(name, type, behaviour)) });
		const delay = delayOf(this.#options.delay, type) + delayOf(this.#options.names?.[name]?.delay, type);
		if (delay === 0) {
			send(said);
			return;
		}
		this.#pending += 1;
		this.#host.clock.after(delay, () => {
			this.#pending -= 1;
			send(said);
		});
	}

	#answer(asked: string, type: TypeName | number, behaviour: string): Partial<Message> {
		if (behaviour === 'lame') return { authoritative: false, rcode: rcodes.refused };
		if (behaviour === 'failing') return { rcode: rcodes.serverFailure };
		const answers: AnyRecord[] = [];
		for (let name = asked; answers.length < mostAliases; ) {
			const here = this.#records(name);
			if (here === undefined) {
				const ours = answers.length === 0;
				return { answers, authorities: this.#authority(asked), ...(ours && { rcode: rcodes.nameError }) };
			}
			const found = here.filter((record) => record.type === type);
			const alias = here.find((record) => record.type === 'CNAME');
			if (found.length > 0 || alias === undefined || !('target' in alias)) {
				answers.push(...found);
				return { answers, authorities: found.length > 0 ? [] : this.#authority(asked) };
			}
			answers.push(alias);
			name = foldName(alias.target);
		}
		return { rcode: rcodes.serverFailure };
	}

	/** Undefined where the name is not there. */
	#records(name: string): readonly AnyRecord[] | undefined {
		const { names = {} } = this.#options;
		const known = Object.hasOwn(names, name) ? names[name] : undefined;
		if (known) {
			const owner = { name, class: internet, ttl: known.ttl ?? 60 };
			return [
				...addressRecords(owner, known.A, known.AAAA),
				...(known.CNAME === undefined ? [] : [{ ...owner, type: 'CNAME' as const, target: known.CNAME }]),
				...(known.records ?? []).map((record) => ({ ...record, ...owner, ttl: record.ttl })),
			];
		}
		if (!isWithin(name, this.#domain)) return undefined;
		const label = name.slice(0, -this.#domain.length - 1);
		const [four, six] = [this.#own(label, 'A'), this.#own(label, 'AAAA')];
		if (four === undefined) return name === this.#domain ? [] : undefined;
		return addressRecords({ name, class: internet, ttl: 60 }, four, six);
	}

	/** How long it may be remembered that there is nothing. RFC 2308 §3 */
	#authority(name: string): AnyRecord[] {
		const zone = isWithin(name, this.#domain) ? this.#domain : name.slice(name.indexOf('.') + 1);
		const times = { serial: 1, refresh: 3600, retry: 600, expire: 86_400, minimum: 30 };
		const owner = { name: zone, class: internet, ttl: 30, type: 'SOA' as const };
		return [{ ...owner, primary: `${this.#host.name}.${this.#domain}`, mailbox: `root.${this.#domain}`, ...times }];
	}
}

function addressRecords(
	owner: { readonly name: string; readonly class: number; readonly ttl: number },
	four: readonly string[] = [],
	six: readonly string[] = [],
): AnyRecord[] {
	return [
		...four.map((text) => ({ ...owner, type: 'A' as const, address: IpAddress.parse(text) })),
		...six.map((text) => ({ ...owner, type: 'AAAA' as const, address: IpAddress.parse(text) })),
	];
}

function delayOf(delay: Delay | undefined, type: TypeName | number): number {
	if (delay === undefined || typeof delay === 'number') return delay ?? 0;
	return (typeof type === 'string' ? delay[type] : undefined) ?? 0;
}

/** What a server repeats of a query. */
function echo({ id, questions, edns, recursionDesired }: Message): Partial<Message> {
	const option = { udpSize: 1232, version: 0, dnssecOk: false, options: [] };
	const flags = { response: true, authoritative: true, recursionDesired, recursionAvailable: true };
	return { id, questions, ...flags, ...(edns && { edns: option }) };
}
