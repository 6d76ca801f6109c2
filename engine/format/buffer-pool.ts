/**
 * Large buffers that are used again instead of becoming garbage, which V8 collects only after some 64 MiB of it:
 * steady work then stays at the memory it really needs. The caller bounds how many are out at a time.
 */
export interface BufferPool {
	/** A buffer of the pool's size with anything in it. */
	take(): Buffer;
	/** Hands a buffer back; nobody may read it any more. */
	give(buffer: Buffer): void;
}

export function createBufferPool(size: number): BufferPool {
	const free: Buffer[] = [];
	return {
		take: () => free.pop() ?? Buffer.allocUnsafeSlow(size),
		give: (buffer) => free.push(buffer),
	};
}
