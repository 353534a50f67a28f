export interface Shape {
  readonly kind: Kind;
  area(): number;
  name?: string;
}

export const enum Kind { Circle = 1, Square, Group = Circle | 8 }

export abstract class Base implements Shape {
  static count = 0;
  #id = ++Base.count;
  constructor(public readonly kind: Kind, protected scale: number = 1) {}
  abstract area(): number;
  get id(): number { return this.#id; }
}

export function never(x: never): never {
  throw new Error(`unexpected ${x}`);
}
