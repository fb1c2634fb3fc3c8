import { IpAddress } from '../../../base/address.ts';
import type { Flow } from '../../../stack/flow.ts';
import { flowSuite } from '../../../testing/flow-suite.ts';
import { linkPair } from '../../links/pair.ts';
import { ipStack } from '../ip-stack.ts';
import { quiet } from '../lan-harness.ts';

for (const [name, mtu] of [
	['between two hosts', 1500],
	['over large packets', 65_535],
] as const) {
	flowSuite(`TCP flows ${name}`, async () => {
		const [near, far] = linkPair({ mtu });
		const client = ipStack(near, { ...quiet, addresses: ['192.0.2.1/24'] });
		const server = ipStack(far, { ...quiet, addresses: ['192.0.2.2/24'] });
		const { signal } = new AbortController();
		const { promise, resolve } = Promise.withResolvers<Flow>();
		const local = { address: IpAddress.parse('192.0.2.2'), port: 0 };
		const listener = await server.listen(local, { handler: { onFlow: resolve, onClose() {} }, signal });
		const a = await client.connect(listener.local, { signal });
		const b = await promise;
		return {
			a,
			b,
			async close() {
				await client.close();
				await server.close();
			},
		};
	});
}
