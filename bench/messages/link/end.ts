/** One end of one subject, as a process: `end.ts server SUBJECT LOAD`, `end.ts client SUBJECT LOAD PORT`. */

import type { Answer } from '../../process-pair.ts';
import { type Arrival, arrivalOf, type LoadName, send } from './loads.ts';
import { subjects } from './subjects.ts';

const [role, name, load, port] = process.argv.slice(2);
const subject = subjects[name as keyof typeof subjects];

process.on('disconnect', () => process.exit());
process.on('uncaughtException', (error) => tell({ error: error.stack ?? error.message }));
if (role === 'server') {
	const arrivals: Arrival[] = [];
	process.on('message', () => tell({ value: arrivals.splice(0) }));
	tell({ value: await subject.listen((message) => void arrivals.push(arrivalOf(message))) });
} else {
	const sender = await subject.connect(Number(port));
	process.on('message', async (milliseconds: number) => {
		tell({ value: await send(load as LoadName, sender, milliseconds) });
	});
	tell({ value: undefined });
}

function tell(answer: Answer<unknown>): void {
	process.send!(answer);
}
