/** The icons of the page, drawn with the colour of their text. Decoration only: words stand beside them. */
const paths = {
  button: 'M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17Zm0 4.5a4 4 0 1 1 0 8 4 4 0 0 1 0-8Z',
  activity: 'M3 12h4l2.5-7 5 14 2.5-7h4',
  sensor: 'M4 18.5 9 12l3.5 3.5L20 6M15 6h5v5',
  backup: 'M5 4h14v6H5zM5 14h14v6H5zM8 7h.01M8 17h.01',
  check: 'm5 12.5 4.5 4.5L19 7.5',
  cross: 'm6.5 6.5 11 11m0-11-11 11',
  warning: 'M12 4 2.8 20h18.4L12 4Zm0 6v4.5m0 2.5v.01',
  clock: 'M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17ZM12 7.5V12l3 2',
  chevron: 'm8 10 4 4 4-4',
  copy: 'M9 9h10v11H9zM5 15V4h10',
  device: 'M6 3.5h12v17H6zM10.5 17h3',
  place: 'M12 21s-7-6.2-7-11.5a7 7 0 0 1 14 0C19 14.8 12 21 12 21Zm0-14a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5Z',
  workflow: 'M8.5 3.5h7v5h-7zM3.5 15.5h7v5h-7zM13.5 15.5h7v5h-7zM12 8.5v3.5M7 15.5V12h10v3.5',
  job: 'M12 15V4M7.5 8.5 12 4l4.5 4.5M4.5 15v5h15v-5',
  hand: 'M12 3v9M8 8l4-5 4 5M5 15v5h14v-5',
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={paths[name]} />
    </svg>
  );
}

/** The gate of the name. */
export function Logo() {
  return (
    <svg class="logo" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="8" />
      <path d="M7 26V9h4v3h3V9h4v3h3V9h4v17h-6v-5a3 3 0 0 0-6 0v5z" />
    </svg>
  );
}
