import { Base, Kind } from './shape';

export class Circle extends Base {
  constructor(private radius: number) { super(Kind.Circle, 2); }
  area(): number { return Math.PI * this.radius ** 2 * this.scale; }
}

export class Square extends Base {
  constructor(private side: number) { super(Kind.Square); }
  area(): number { return this.side * this.side; }
}

export class Unused extends Base {
  constructor() { super(Kind.Group); }
  area(): number { return 0; }
}
