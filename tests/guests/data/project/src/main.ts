import { Circle, Square } from '@shapes/circle';
import { Base, never } from './shapes/shape';
import { radii, sides } from './data.json';
import { view } from './view';
import './styles/main.css';

enum Mode { Quiet, Loud = 'loud' }

function* shapes() {
  for (const r of radii) yield new Circle(r);
  for (const s of sides) yield new Square(s);
}

async function main(mode: Mode = Mode.Loud): Promise<number> {
  const list = [...shapes()];
  const total = list.reduce((sum, s) => sum + s.area(), 0);
  if (mode === Mode.Loud) console.log(view(list), total?.toFixed(3) ?? 'none', Base.count);
  else if (DEBUG) never(mode as never);
  const { extra } = await import('./extra');
  return extra(total) ** 2;
}

declare const DEBUG: boolean;
main().then(n => console.log(n));
