/**
 * Every word that two threads of one machine share, declared once: name, place, owner, writers, ordering.
 *
 * The layout is one constant for every machine size, so that compiled code can hold the addresses: a low
 * part of 32 MiB (control words, rings, page tables of the emulator itself), then guest RAM. All offsets are
 * bytes from the start of the machine's one shared linear memory. A word without an entry here is private to
 * its thread.
 *
 * Reading the rows: `writers` names the threads that may change the word, `order` says which access is
 * needed and for which partner. "sc" means a sequentially consistent `Atomics` access (or a Wasm atomic one).
 */

/** One declared shared word. */
export interface SharedWord {
  /** Byte offset: absolute in the machine block, relative to the hart's block in the vCPU block. */
  readonly offset: number;
  /** Width in bytes. */
  readonly width: 4 | 8;
  /** Who may write it, and with which ordering; partner of each access. */
  readonly contract: string;
}

/** Largest number of harts a machine may have. */
export const MAX_HARTS = 64;
/** Most I/O workers a machine may have: one for each virtio slot, and some for disks that have several. */
export const MAX_IO_WORKERS = 48;

/** Size of one guest page and of one unit of the page attribute tables, in bytes. */
export const PAGE_BYTES = 4096;
/** log2 of {@linkcode PAGE_BYTES}. */
export const PAGE_SHIFT = 12;
/** Bytes of guest memory that one bit of a code line bitmap covers. */
export const CODE_LINE_SHIFT = 6;

/** Where the machine-wide control words start. */
export const MACHINE_BLOCK = 0x0000;
/**
 * Where the vCPU blocks start; hart `h` owns `VCPU_BLOCKS + h * VCPU_BLOCK_BYTES`. I/O worker `w` has block
 * `MAX_HARTS + w`: it is an agent of the same protocols (`agents.ts`) and uses PENDING, STATE, GUARD_ACK, PAUSE_ACK
 * and the REMOTE words of it.
 */
export const VCPU_BLOCKS = 0x1_0000;
/** Size of one vCPU block. */
export const VCPU_BLOCK_BYTES = 0x1000;
/** Device register files: fixed sub-ranges handed out by the board. */
export const DEVICE_BLOCK = 0x8_0000;
/** Size of the device area in bytes. */
export const DEVICE_BLOCK_BYTES = 0x4_0000;
/** Rings: compile requests, console bytes. Sub-ranges are given below. */
export const RING_BLOCK = 0xc_0000;

/** Ring of guest console output bytes (vCPUs to main). */
export const CONSOLE_OUT_RING = RING_BLOCK;
/** Data bytes of {@linkcode CONSOLE_OUT_RING}; a power of two. */
export const CONSOLE_OUT_BYTES = 0x1_0000;
/** Ring of console input bytes (main to the UART). */
export const CONSOLE_IN_RING = CONSOLE_OUT_RING + CONSOLE_OUT_BYTES + 0x1000;
/** Data bytes of {@linkcode CONSOLE_IN_RING}; a power of two. */
export const CONSOLE_IN_BYTES = 0x1000;
/** Ring of compile requests (vCPUs to the compiler worker). */
export const COMPILE_RING = CONSOLE_IN_RING + CONSOLE_IN_BYTES + 0x1000;
/** Requests that {@linkcode COMPILE_RING} holds; a power of two. */
export const COMPILE_RING_ENTRIES = 256;
/** Bytes of one compile request, its marker word included. */
export const COMPILE_REQUEST_BYTES = 4096;
/** Every ring starts with its control words ({@linkcode RingWord}); its slots follow after this many bytes. */
export const RING_HEADER_BYTES = 0x1000;

/**
 * Page tables of the emulator, one element for each 4 KiB of *shared memory* (index = host offset >> 12),
 * so that no subtraction stands between a translated address and its attributes.
 */
export const PAGE_ATTRIBUTES = 0x40_0000;
/**
 * i32 per page: stores to code lines begun, the page's generation. Written only by the storing vCPU (sc
 * add) before the bytes; read by decoders, and compared at region entry.
 */
export const PAGE_STORES_BEGUN = 0x80_0000;
/**
 * i32 per page: stores to code lines finished, minus stores beside code in flight. Written only by the
 * storing vCPU (sc add, sub); a decoder reads it before PAGE_STORES_BEGUN: equal means no store in flight.
 */
export const PAGE_STORES_DONE = 0xc0_0000;
/**
 * i64 per page: bit n is set when line n (64 bytes) of the page was decoded as code. Only ever or-ed, by
 * decoders before they read the generation; storing vCPUs test it after they made the page unstable.
 */
export const PAGE_CODE_LINES = 0x100_0000;

/**
 * i64 per monitored line: bit 0 is set while a store to a line with this number is being made, the bits above
 * count the stores. Written by who makes the store (cmpxchg, then sc store); a load-reserved reads it.
 */
export const MONITOR_LINES = 0x180_0000;
/** log2 of the number of {@linkcode MONITOR_LINES}; lines whose numbers are equal modulo it share one. */
export const MONITOR_INDEX_BITS = 15;
/** log2 of the bytes of a line: the size of a reservation set. */
export const MONITOR_LINE_SHIFT = 6;
/** i32 each: index + 1 of a page that is armed or being armed, or 0. */
export const MONITOR_PAGES = 0x1000;
/** Pages that can be armed at a time. */
export const MONITOR_PAGE_LIMIT = 256;

/** Where guest RAM starts in shared memory: also the declared minimum of every module's memory import. */
export const GUEST_RAM_OFFSET = 0x200_0000;
/** Largest guest RAM in bytes: RAM and the control area share 4 GiB. */
export const MAX_RAM_BYTES = 0x1_0000_0000 - GUEST_RAM_OFFSET;

/** Bits of a page's attribute word ({@linkcode PAGE_ATTRIBUTES}); any of them guards the page's stores. */
export const PageAttribute = {
  /** Some vCPU decoded instructions from this page. */
  CODE: 1,
  /** Stores to this page lock their line: it is armed, or being armed. */
  MONITORED: 2,
  /** Stores are to be logged. */
  DIRTY_LOG: 4,
  /** A watchpoint lies on the page. */
  WATCH: 8,
  /** Every vCPU sees MONITORED: reservations on this page can be made. */
  ARMED: 16,
  /** A reservation was made on this page since the last sweep. */
  RESERVED_LATELY: 32,
  /**
   * Bits 8..31 hold the low bits of the guard ticket of CODE, or 0 while it is being drawn: code of the
   * page is provisional until every vCPU acknowledged it.
   */
  TICKET_SHIFT: 8,
} as const;

const word = (offset: number, contract: string, width: 4 | 8 = 4): SharedWord => ({
  offset,
  width,
  contract,
});

/** Machine-wide words; offsets are absolute. */
export const Machine = {
  /** One of {@linkcode RunState}. */
  RUN_STATE: word(0x00, "main and the stopping vCPU, sc; partner: every trampoline after STOP"),
  /** Number of vCPUs. */
  HART_COUNT: word(0x04, "main before the workers start; constant afterwards"),
  /** Guest RAM in 4 KiB pages. */
  RAM_PAGES: word(0x08, "main before the workers start; constant afterwards"),
  /** 1 + index of the agent that runs stop-the-world work, or 0. */
  EXCLUSIVE_OWNER: word(
    0x0c,
    "cmpxchg 0 -> me, me -> 0 + notify by the owner; partner: toRunning() of every vCPU",
  ),
  /** Ticket of the newest guard request; starts at 1. */
  GUARD_REQUEST: word(
    0x10,
    "rmw.add by the arming vCPU after the attribute bit; partner: GUARD_ACK in serve()",
  ),
  /** Exit code of the guest, valid once RUN_STATE says ENDED. */
  EXIT_CODE: word(0x14, "the ending vCPU before RUN_STATE; read by main after it"),
  /** One of {@linkcode EndReason}. */
  END_REASON: word(0x18, "the ending vCPU before RUN_STATE; read by main after it"),
  /** Wake word of the clock keeper: changed when the deadline of a device was. */
  CLOCK_KICK: word(
    0x1c,
    "vCPUs: add + notify after the deadline; partner: the clock keeper's wait",
  ),
  /** Guest time offset in ticks (f64), added to host time; constant after start in multi-threaded mode. */
  TIME_OFFSET: word(0x20, "main before the workers start; a hart that writes the machine time", 8),
  /** Highest guard ticket known to be acknowledged by all vCPUs. */
  GUARD_COMPLETED: word(
    0x2c,
    "any vCPU, monotonic max by cmpxchg; only a cache of the per-vCPU words",
  ),
  /** Ticket of the newest slot retirement request. */
  RETIRE_REQUEST: word(0x30, "compiler worker, after the list was posted; partner: RETIRE_ACK"),
  /** Lock of the host-target interface: who holds it serves the request that stands in `tohost`. */
  HTIF_LOCK: word(0x34, "vCPUs in their trampolines: `device_lock.ts`"),
  /** Host time of the machine's start: `performance.timeOrigin + performance.now()`, ms (f64). */
  CLOCK_START: word(0x38, "main before the workers start; constant afterwards", 8),
  /** Low 32 bits of the greatest guest time handed out: keeps time monotonic across harts. */
  TIME_LATEST: word(0x40, "any reader of the time: cmpxchg forward; partner: the same cmpxchg"),
  /** Number of the power cycle whose compiler may start to serve: `compiler_claim.ts`. */
  COMPILER_CLAIM: word(
    0x48,
    "main before the workers start; then cmpxchg by the loaded compiler and by main at the end",
  ),
  /** Bytes of the standing `tohost` request to write that were printed already. */
  HTIF_PROGRESS: word(0x4c, "the holder of HTIF_LOCK"),
  /** 1 while the guest waits for a byte of console input in `fromhost`. */
  HTIF_READING: word(0x50, "the holder of HTIF_LOCK; others look at it for a hint"),
  /** Odd while the vCPUs shall stand still: `pause.ts`. */
  PAUSE: word(0x54, "main, sc, before it posts PAUSE; partner: its load in isToStandStill()"),
  /** Guest time in ticks (f64) at which the clock stands while CLOCK_EPOCH is odd. */
  CLOCK_STOPPED_AT: word(0x58, "main before CLOCK_EPOCH becomes odd; partner: timeTicks()", 8),
  /** Odd while guest time stands still; changes with each stop and each start of the clock. */
  CLOCK_EPOCH: word(0x60, "main, sc, with every vCPU paused; partner: both loads in timeTicks()"),
  /** Entries of {@linkcode MONITOR_PAGES} that are in use. */
  MONITOR_PAGE_COUNT: word(
    0x64,
    "arming vCPUs: add; the sweeping vCPU in its exclusive section; partner: each other",
  ),
  /** Break conditions that main asked for on the serial line, where time is counted in instructions. */
  BREAKS: word(0x70, "main, sc add, before it rings the bell; partner: the vCPUs' thread"),
  /** Number of I/O workers. */
  IO_WORKER_COUNT: word(0x74, "main before the workers start; constant afterwards"),
  /** Lock of all devices at once, where a machine has one: `big_lock.ts`. */
  BIG_LOCK: word(0x80, "whoever uses a device: `device_lock.ts`"),
  /** Count of what main asked of the thread that runs all harts of a machine with snapshots: `seek_request.ts`. */
  SEEK_REQUEST: word(0xc0, "main, sc add after the question, with every vCPU paused"),
  /** Count of what that thread has answered. */
  SEEK_ANSWER: word(0xc4, "the vCPUs' thread after the answer: sc store, notify; main waits"),
  /** One of {@linkcode SeekQuestion}. */
  SEEK_QUESTION: word(0xc8, "main before SEEK_REQUEST"),
  /** One of {@linkcode SeekOutcome}. */
  SEEK_OUTCOME: word(0xcc, "the vCPUs' thread before SEEK_ANSWER"),
  /** Instructions of all harts (f64): where to go; where the thread is, or could go at most. */
  SEEK_POSITION: word(0xd0, "main before SEEK_REQUEST, the vCPUs' thread before SEEK_ANSWER", 8),
  /** Hash of the machine's state. */
  SEEK_HASH: word(0xd8, "the vCPUs' thread before SEEK_ANSWER", 8),
  /** The hart that met a breakpoint. */
  SEEK_HART: word(0xe0, "the vCPUs' thread before SEEK_ANSWER"),
  /** How many breakpoints there are. */
  SEEK_BREAKPOINT_COUNT: word(0xe4, "main before SEEK_REQUEST"),
  /** The breakpoints, {@linkcode MOST_BREAKPOINTS} at most: {@linkcode BreakpointWord}. */
  SEEK_BREAKPOINTS: word(0x100, "main before SEEK_REQUEST", 8),
  /** Counters of the compiler worker, f64 each: `statistics_layout.ts`. */
  COMPILER_STATISTICS: word(0x400, "the compiler worker alone; readers accept stale values", 8),
  /** What locks cost main, f64 each: `statistics_layout.ts`. */
  MAIN_STATISTICS: word(0x500, "main alone", 8),
  /** What locks cost the clock keeper, f64 each: `statistics_layout.ts`. */
  KEEPER_STATISTICS: word(0x600, "the clock keeper alone; readers accept stale values", 8),
} as const;

/** Bytes of {@linkcode Machine}.COMPILER_STATISTICS, and of those of main and of the clock keeper. */
export const THREAD_STATISTICS_BYTES = 0x100;

/** Control words of a ring; offsets are relative to the ring, each group on a cache line of its own. */
export const RingWord = {
  /** Position of the next slot to fill; slot = position modulo their number. */
  HEAD: word(0x00, "producers: cmpxchg before the slot (many), store after it (one); sc"),
  /** Position of the next slot to empty. */
  TAIL: word(0x40, "consumers, after the slot; sc; partner: producers that look for room"),
  /** 1 while the side that may sleep (main, the compiler) does so or is about to. */
  SLEEP: word(
    0x80,
    "the sleeper stores 1 before it looks again; the other side: cmpxchg 1 -> 0, notify",
  ),
  /** Harts that wait for room, bit h & 31 of two words. */
  WAITING: word(0xc0, "producers: or before they look again; the consumer: exchange after TAIL", 8),
  /** Requests that found no room. */
  DROPPED: word(0xc8, "producers, add; statistics"),
} as const;

/** Words of one vCPU block; offsets are relative to the hart's block. */
export const Vcpu = {
  /** The one wake and exit word: {@linkcode Pending} bits. */
  PENDING: word(
    0x00,
    "any thread: or + notify after the payload; the vCPU: exchange before payloads",
  ),
  /** {@linkcode VcpuState}: is a region frame possibly alive? */
  STATE: word(0x04, "the vCPU, sc; partner: requesters that read it after their request"),
  /** Interrupt lines of this hart (the architecture's own bit numbers). */
  IRQ_LINES: word(0x08, "any thread: or/and, then PENDING; the vCPU reads it after taking PENDING"),
  /** Last guard ticket served. */
  GUARD_ACK: word(0x0c, "the vCPU in its trampoline, after dropping write entries; sc"),
  /** Last slot retirement ticket served. */
  RETIRE_ACK: word(0x10, "the vCPU in its trampoline, after setting the stubs; sc"),
  /** Changes whenever a vCPU of this one's thread is posted something: what the thread sleeps on, if they take turns. */
  BELL: word(
    0x14,
    "any thread: add + notify after the bit in PENDING; partner: the vCPUs' thread, before it looks at them",
  ),
  /** Machine timer compare value in guest ticks (u64, as two i32 halves). */
  MACHINE_TIMER: word(0x18, "any hart, both halves under TIMER_SEQ; partner: its own hart", 8),
  /** Sequence lock of MACHINE_TIMER and SUPERVISOR_TIMER. */
  TIMER_SEQ: word(0x20, "a timer's writer: odd while writing; partner: the timer's own hart"),
  /** Firmware start state of the hart ({@linkcode HartStart}). */
  HART_START: word(0x24, "cmpxchg by the starting hart, store by the hart itself"),
  /** Start address, low and high half. */
  START_PC: word(0x28, "the hart that set START_CLAIMED, before START_PENDING and PENDING.WORK", 8),
  /** Opaque start argument. */
  START_ARGUMENT: word(
    0x30,
    "the hart that set START_CLAIMED, before START_PENDING and PENDING.WORK",
    8,
  ),
  /** Mailbox of cross-vCPU work: {@linkcode RemoteWork} bits, served in the trampoline. */
  REMOTE_WORK: word(0x38, "any vCPU: or, then REMOTE_REQUEST; the vCPU: exchange"),
  /** Count of remote work items served: the requester waits until it passes its ticket. */
  REMOTE_DONE: word(0x3c, "the vCPU after serving, before REMOTE_WAKE; sc"),
  /** Count of remote work items requested. */
  REMOTE_REQUEST: word(0x40, "any vCPU: add after the REMOTE_WORK bit, before PENDING.WORK"),
  /** Changes whenever a waiting remote requester has reason to look again. */
  REMOTE_WAKE: word(
    0x44,
    "the vCPU after REMOTE_DONE, and after IDLE with requests open: add + notify; partner: waitRemote()",
  ),
  /** Supervisor timer compare value in guest ticks (u64, as two i32 halves). */
  SUPERVISOR_TIMER: word(
    0x48,
    "the vCPU, both halves under TIMER_SEQ; partner: the same vCPU",
    8,
  ),
  /** The value of PAUSE for which the vCPU stands still. */
  PAUSE_ACK: word(
    0x50,
    "the vCPU, IDLE, after its registers were copied: store, notify; main waits",
  ),
  /** Count of questions that main asked of the paused vCPU: `pause.ts`. */
  QUESTION: word(0x54, "main, sc add after the question, before it posts PAUSE"),
  /** Count of questions answered. */
  ANSWER: word(0x58, "the vCPU after the answer: store, notify; main waits"),
  /** Where the bell of the vCPU's thread is, in bytes: BELL of its first vCPU; 0 where the thread has no other. */
  BELL_OFFSET: word(0x5c, "main before the workers start; constant afterwards"),
  /** Question and answer: {@linkcode QuestionWord}. */
  QUESTION_WORDS: word(0x60, "main before QUESTION, the vCPU before ANSWER; never both", 8),
  /** What the hart is doing: one of {@linkcode Activity}. */
  ACTIVITY: word(0x80, "the vCPU's thread, sc; readers show it, or find a hart that hangs by it"),
  /** Which lock, where the activity has to do with one. */
  ACTIVITY_DETAIL: word(
    0x84,
    "the vCPU's thread, sc, before ACTIVITY; readers accept a stale value",
  ),
  /** Which of {@linkcode Vcpu}.FENCES are claimed, a bit each. */
  FENCE_CLAIMS: word(
    0x88,
    "any vCPU: or, before it writes the slot; the vCPU: and, after it has read the slot; partner: each other",
  ),
  /** Slots of fences that others ask for, four words each: `translation_fences.ts`. */
  FENCES: word(
    0x90,
    "whoever claimed the slot, sc, before the slot's bit in REMOTE_WORK; partner: the vCPU, after it took the bit",
  ),
  /** Statistics area, f64 each, written by the vCPU alone with plain stores and read when it is stopped. */
  STATISTICS: word(0x100, "the vCPU; readers accept stale values", 8),
  /** The guest state as it is laid out in private memory, while the vCPU stands still. */
  REGISTERS: word(0x400, "the vCPU before PAUSE_ACK; then main, until it changes PAUSE", 8),
} as const;

/** Bytes of {@linkcode Vcpu}.REGISTERS. */
export const REGISTER_COPY_BYTES = VCPU_BLOCK_BYTES - Vcpu.REGISTERS.offset;

/** Places of a question to a paused vCPU, as 32-bit words from {@linkcode Vcpu}.QUESTION_WORDS. */
export const QuestionWord = {
  /** Number of the control register. */
  NUMBER: 0,
  /** 1 when it shall be written. */
  WRITES: 1,
  /** Value to write; the value that was read. */
  VALUE_LOW: 2,
  VALUE_HIGH: 3,
  /** Answer: 1 when the hart refuses the access, else 0. */
  REFUSED: 4,
} as const;

/**
 * Words of one hart's part of the sample buffer, which is a memory of its own and there only when a profile is made;
 * offsets are relative to the part, each on a cache line of its own.
 */
export const SampleWord = {
  /** Position of the next slot to fill; slot = position modulo their number. */
  HEAD: word(0x00, "the vCPU, sc, after the slot; partner: main, which reads it before the slots"),
  /** Position of the next slot to empty. */
  TAIL: word(0x40, "main, sc, after the slots; partner: the vCPU, which looks for room"),
  /** Samples that found no room. */
  DROPPED: word(0x80, "the vCPU, add; main reads a number that may be old"),
  /** Times that the sampler found the hart asleep. */
  IDLE: word(0xc0, "the sampler, add; main: exchange with 0"),
} as const;

/** Slots of a hart's part follow after this many bytes. */
export const SAMPLE_HEADER_BYTES = 0x100;
/** Samples that a hart's part holds; a power of two. */
export const SAMPLE_SLOTS = 512;
/** Most return addresses of one sample. */
export const SAMPLE_RETURNS = 33;

/** Places in a sample, as 32-bit words. Addresses have a low and a high half. */
export const SampleField = {
  /** Address of the next instruction. */
  PC: 0,
  /** Value of the register that names the address space. */
  SPACE: 2,
  /** Privilege, as the guest numbers it. */
  PRIVILEGE: 4,
  /** Mode key. */
  MODE_KEY: 5,
  /** Where the next instruction is in shared memory; 0 when that is not known. */
  HOST: 6,
  /** Number of return addresses. */
  RETURNS: 7,
  /** The return addresses: what the register for it holds, then those of the stack, innermost first. */
  ADDRESSES: 8,
} as const;

/** Words of a sample. */
export const SAMPLE_WORDS: number = SampleField.ADDRESSES + 2 * SAMPLE_RETURNS;

/**
 * Words of one hart's ring of events, which is in a memory of its own and there only when a trace is made; offsets are
 * relative to the ring. `event_ring.ts` has the protocol.
 */
export const EventWord = {
  /** Number of the newest event, from 1 on; its slot is the number modulo that of slots. */
  HEAD: word(0x00, "the vCPU, sc, after the slot; partner: readers, before they read slots"),
} as const;

/** Slots of a hart's ring follow after this many bytes. */
export const EVENT_HEADER_BYTES = 0x40;
/** Events that a hart's ring holds; a power of two. */
export const EVENT_SLOTS = 0x4000;
/** Words of a slot. */
export const EVENT_WORDS = 8;

/** Places in a slot, as 32-bit words: each is stored sc by the vCPU and loaded sc by readers. Low halves come first. */
export const EventField = {
  /** Number of the event; 0 while the slot is written. */
  NUMBER: 0,
  /** Phase and kind. */
  KIND: 1,
  /** Nanoseconds since the trace began. */
  TIME: 2,
  /** The guest's program counter. */
  PC: 4,
  /** Two words that depend on the kind. */
  DETAILS: 6,
} as const;

/** Values of {@linkcode Vcpu}.ACTIVITY, and kinds of events that take time. */
export const Activity = {
  /** Its thread is not ready. */
  STARTS: 0,
  EXECUTES: 1,
  /** Until an interrupt. */
  SLEEPS: 2,
  /** Until another hart starts it. */
  OFF: 3,
  /** In a pause. */
  STANDS_STILL: 4,
  /** Until the console has room. */
  STALLS: 5,
  /** For a short time: the guest spins. */
  RESTS: 6,
  /** Until others have served its request. */
  AWAITS_HARTS: 7,
  /** Until another's exclusive section is over. */
  PARKS: 8,
  /** Until no other hart runs. */
  STOPS_OTHERS: 9,
  /** In its own exclusive section. */
  WORKS_ALONE: 10,
  AWAITS_LOCK: 11,
  HOLDS_LOCK: 12,
  /** Compiled code. */
  INSTALLS: 13,
  ENDED: 14,
} as const;

/** One of {@linkcode Activity}. */
export type Activity = (typeof Activity)[keyof typeof Activity];

/** Kinds of events that take no time; numbers behind those of {@linkcode Activity}. */
export const Happening = {
  /** It looks at what others want of it: bits of {@linkcode Pending}. */
  ATTENDS: 32,
  /** The guest takes one: its number. */
  INTERRUPT: 33,
  /** It asks a set of harts for {@linkcode RemoteWork}. */
  ASKS: 34,
  /** It does what others asked for: bits of {@linkcode RemoteWork}. */
  SERVES: 35,
  /** The guest's fence of address translations. */
  TRANSLATION_FENCE: 36,
  /** The guest's fence of instruction fetches. */
  CODE_FENCE: 37,
  /** Regions are found outdated: how many. */
  INVALIDATION: 38,
} as const;

/** One of {@linkcode Happening}. */
export type Happening = (typeof Happening)[keyof typeof Happening];

/** Values of {@linkcode Machine}.RUN_STATE. */
export const RunState = { CREATED: 0, RUNNING: 1, ENDED: 3 } as const;

/** Why a machine ended. */
export const EndReason = {
  NONE: 0,
  POWER_OFF: 1,
  RESET: 2,
  GUEST_EXIT: 3,
  PANIC: 4,
  STOPPED: 5,
  INTERNAL: 6,
} as const;

/** Bits of {@linkcode Vcpu}.PENDING. */
export const Pending = {
  IRQ: 1,
  TIMER: 2,
  WORK: 4,
  MODULES: 8,
  FLUSH: 16,
  EXCLUSIVE: 32,
  STOP: 64,
  PAUSE: 128,
  /** A sample of the running program is wanted, for a profile: `sample_ring.ts`. It has no payload. */
  SAMPLE: 256,
} as const;

/** Places of a breakpoint, as 32-bit words. */
export const BreakpointWord = {
  /** Address of the instruction. */
  PC_LOW: 0,
  PC_HIGH: 1,
  /** The hart, or {@linkcode ANY_HART}. */
  HART: 2,
} as const;

/** Words of one breakpoint. */
export const BREAKPOINT_WORDS = 4;
/** Most breakpoints of one search. */
export const MOST_BREAKPOINTS = 32;
/** A breakpoint for every hart. */
export const ANY_HART = -1;

/** Values of {@linkcode Machine}.SEEK_QUESTION. */
export const SeekQuestion = {
  /** Go to SEEK_POSITION, and execute nothing there before the next pause. */
  GO: 1,
  /** What is the hash of the machine's state? */
  HASH: 2,
  /** Go back to where a breakpoint was met last, and execute nothing there before the next pause. */
  BACK: 3,
} as const;

/** One of {@linkcode SeekQuestion}. */
export type SeekQuestion = (typeof SeekQuestion)[keyof typeof SeekQuestion];

/** Values of {@linkcode Machine}.SEEK_OUTCOME. */
export const SeekOutcome = {
  DONE: 0,
  /** The log does not go on until there. */
  BEHIND_THE_END: 1,
  /** No breakpoint was met; the machine is where its past begins. */
  NOT_MET: 2,
} as const;

/** One of {@linkcode SeekOutcome}. */
export type SeekOutcome = (typeof SeekOutcome)[keyof typeof SeekOutcome];

/** Values of {@linkcode Vcpu}.STATE. */
export const VcpuState = { IDLE: 0, RUNNING: 1 } as const;

/** Values of {@linkcode Vcpu}.HART_START. */
export const HartStart = {
  STARTED: 0,
  STOPPED: 1,
  START_PENDING: 2,
  /** Started, and asleep until an interrupt because firmware was asked for that. */
  SUSPENDED: 4,
  /** A starting hart owns the START words and is still writing them. */
  START_CLAIMED: 7,
} as const;

/** Bits of {@linkcode Vcpu}.REMOTE_WORK. */
export const RemoteWork = {
  /** Drop all translations. */
  FLUSH_TRANSLATIONS: 1,
  /** Make instruction fetches see all earlier stores. */
  FLUSH_INSTRUCTIONS: 2,
  /** Drop all rights to store: the page attributes have changed. */
  DROP_WRITE_ENTRIES: 4,
  /** Drop what the fences in these slots of {@linkcode Vcpu}.FENCES cover, a bit for each from FENCE_SHIFT on. */
  FENCES: 0x7f00,
  FENCE_SHIFT: 8,
} as const;

/** Byte offset of a word of hart `hart`'s block. */
export function vcpuWord(hart: number, word: SharedWord): number {
  return VCPU_BLOCKS + hart * VCPU_BLOCK_BYTES + word.offset;
}
