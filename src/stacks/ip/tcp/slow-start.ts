/** What all congestion control begins with. */

/** Segments that leave before anything is known of the path. RFC 6928 §2 */
const initialSegments = 10;

/** Before any loss. */
export const unlimited = 2 ** 30;

export function initialWindow(segmentSize: number): number {
	return Math.min(initialSegments * segmentSize, Math.max(2 * segmentSize, 14_600));
}

/**
 * The window after an acknowledgment in slow start: all that was acknowledged counts, because peers acknowledge many
 * segments at once. RFC 5681 §3.1, RFC 3465 §2.3
 */
export function grown(window: number, bytes: number): number {
	return Math.min(unlimited, window + bytes);
}
