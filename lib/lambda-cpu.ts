/** CPU of one send on one vCPU, in ms (measured): read, compose, sign, write. */
export const SEND_CPU_MS = 6.3;

/** The memory with which Lambda gives a function one vCPU; it gives less memory a share in proportion. */
export const MB_OF_A_VCPU = 1_769;

/** The share of a vCPU that a function uses, above 0 up to 1: JavaScript runs in one thread. */
export const cpuShare = (memoryMb: number): number => Math.min(1, memoryMb / MB_OF_A_VCPU);
