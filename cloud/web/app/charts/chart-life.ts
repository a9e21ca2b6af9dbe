/** What every chart needs beside its data: to follow the width of its box and the colour scheme. */
import type uPlot from 'uplot';

export function followSize(chart: uPlot, target: HTMLElement, heightPx: number): () => void {
  const observer = new ResizeObserver(() => {
    const width = target.clientWidth;
    if (width > 0 && width !== chart.width) chart.setSize({ width, height: heightPx });
  });
  observer.observe(target);
  return () => observer.disconnect();
}

export function followColours(chart: uPlot): () => void {
  const scheme = matchMedia('(prefers-color-scheme: dark)');
  const redraw = () => chart.redraw(false, true);
  scheme.addEventListener('change', redraw);
  return () => scheme.removeEventListener('change', redraw);
}

/** Read at every drawing, so that a change between light and dark needs a redraw only. */
export function colour(property: string): (plot: uPlot) => string {
  return (plot) => getComputedStyle(plot.root).getPropertyValue(property).trim();
}
