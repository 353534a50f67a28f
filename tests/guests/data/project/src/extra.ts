export const extra = (n: number) => { label: for (;;) { if (n > 1_000) break label; n *= 2; } return n; };
export const neverUsed = 'this text is dropped';
