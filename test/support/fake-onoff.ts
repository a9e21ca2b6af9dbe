/** Stands in for the package onoff where there is no GPIO: it records what it is asked, and fails as told. */
import type { OnoffLine, OnoffPackage } from '../../hardware/linux/packages.js';
import type { Level } from '../../hardware/ports.js';

export function systemError(code: string, errno = 0): Error {
  return Object.assign(new Error(`${code}: refused`), { code, errno: -errno });
}

type Listener = (error: Error | null | undefined, level: Level) => void;

export class FakeOnoff {
  readonly opened: unknown[][] = [];
  readonly lines: FakeLine[] = [];
  /** Thrown by the next constructor calls, one after another. */
  readonly refusals: Error[] = [];
  /** As when the line was exported before: the constructor's settings are silently not applied. */
  exportedBefore: { refusal: Error } | undefined;

  get package(): () => Promise<OnoffPackage> {
    const owner = this;
    return async () => ({
      Gpio: class extends FakeLine {
        constructor(...settings: [number, 'in' | 'high' | 'low', 'both' | 'none', { activeLow: boolean }]) {
          owner.opened.push(settings);
          const refusal = owner.refusals.shift();
          if (refusal) throw refusal;
          super(
            owner.exportedBefore ? ['in', 'none', false] : [settings[1], settings[2], settings[3].activeLow],
          );
          this.refusal = owner.exportedBefore?.refusal;
          owner.lines.push(this);
        }
      },
    });
  }
}

export class FakeLine implements OnoffLine {
  level: Level = 0;
  refusal: Error | undefined;
  unexported = 0;
  readonly written: Level[] = [];
  readonly settings: { direction: string; edge: string; activeLow: boolean };
  listener: Listener | undefined;

  constructor([direction, edge, activeLow]: [string, string, boolean]) {
    this.settings = { direction: direction === 'in' ? 'in' : 'out', edge, activeLow };
  }

  /** What the kernel and onoff do together when an edge comes. */
  edgeTo(level: Level, error: Error | null = null): void {
    this.level = level;
    this.listener?.(error, level);
  }

  async read(): Promise<Level> {
    if (this.refusal) throw this.refusal;
    return this.level;
  }
  async write(level: Level): Promise<void> {
    if (this.refusal) throw this.refusal;
    this.written.push(level);
  }
  watch(listener: Listener): void {
    this.listener = listener;
  }
  unwatch(): void {
    this.listener = undefined;
  }
  unexport(): void {
    this.listener = undefined;
    this.unexported += 1;
  }
  direction(): string {
    return this.settings.direction;
  }
  edge(): string {
    return this.settings.edge;
  }
  activeLow(): boolean {
    return this.settings.activeLow;
  }
  setDirection(direction: string): void {
    this.#apply({ direction: direction === 'in' ? 'in' : 'out' });
  }
  setEdge(edge: string): void {
    this.#apply({ edge });
  }
  setActiveLow(activeLow: boolean): void {
    this.#apply({ activeLow });
  }
  #apply(change: Partial<FakeLine['settings']>): void {
    if (this.refusal) throw this.refusal;
    Object.assign(this.settings, change);
  }
}
