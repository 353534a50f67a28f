import type { Shape } from '@shapes/shape';

type Props = Record<string, unknown> | null;
export function h(tag: string, props: Props, ...children: (string | number)[]): string {
  const attributes = Object.entries(props ?? {}).map(([k, v]) => ` ${k}="${v}"`).join('');
  return `<${tag}${attributes}>${children.join('')}</${tag}>`;
}

export const view = <T extends Shape>(shapes: T[]) => (
  <ul class="shapes" data-count={shapes.length}>
    {shapes.map(s => <li>{s.area().toFixed(2)}</li>).join('')}
  </ul>
);
