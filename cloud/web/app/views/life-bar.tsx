/** How much of a device's rated life is left, as a bar and a number. */
export function LifeBar({ percent }: { percent: number }) {
  const rounded = Math.round(percent);
  const tone = rounded > 20 ? 'good' : rounded > 5 ? 'warn' : 'bad';
  return (
    <span class="life">
      <span class="life-bar" aria-hidden="true">
        <span class={`life-fill life-${tone}`} style={{ width: `${rounded}%` }} />
      </span>
      {rounded} %
    </span>
  );
}
