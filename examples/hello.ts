// Two ends of one conversation in one program: typed messages, no certificate needed.
import { codec, frame, initiate, listen, messages } from 'post-sockets';

type Question = { add: [number, number] };
type Answer = { sum: number };
const sums = messages(frame.lengthPrefix(), codec.json<Answer, Question>());

await using server = await listen('tcp://localhost:0', { protocol: sums.mirrored() });
serve();

await using client = await initiate(`tcp://localhost:${server.port}`, { protocol: sums });
const { sum } = await client.request({ add: [19, 23] });
console.log(`19 + 23 = ${sum}`);

async function serve() {
	for await (const carrier of server) {
		carrier.onMessage(({ content: { add } }) => carrier.send({ sum: add[0] + add[1] }));
	}
}
