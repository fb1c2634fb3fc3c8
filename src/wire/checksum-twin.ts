/** RFC 1071 as it is told: sixteen bits at a time, carry by carry. */
export function slowSum(bytes: Uint8Array, sum = 0): number {
	let total = sum;
	for (let at = 0; at < bytes.length; at += 2) {
		total += bytes[at]! * 256 + (bytes[at + 1] ?? 0);
		if (total > 0xffff) total = total - 0x1_0000 + 1;
	}
	return total;
}
