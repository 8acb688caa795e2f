import { svg, html, type TemplateResult } from 'lit';

const shapes = {
  plus: svg`<path d="M12 5v14M5 12h14"/>`,
  search: svg`<circle cx="11" cy="11" r="6.5"/><path d="m16 16 4.500 4.500"/>`,
  compass: svg`<circle cx="12" cy="12" r="9"/><path d="m15.500 8.500-2 5-5 2 2-5z"/>`,
  back: svg`<path d="M15 5l-7 7 7 7"/>`,
  people: svg`<circle cx="9" cy="8.500" r="3.500"/><path d="M2.500 20c.5-4 3-6 6.500-6s6 2 6.500 6M16 5.200a3.500 3.500 0 0 1 0 6.600M18 14.500c2 .8 3.200 2.600 3.500 5.500"/>`,
  'person-add': svg`<circle cx="10" cy="8.500" r="3.500"/><path d="M3.500 20c.5-4 3-6 6.500-6 1.700 0 3.200.5 4.300 1.400M18 14v6M15 17h6"/>`,
  power: svg`<path d="M12 3.500v8M7 6.500a8 8 0 1 0 10 0" />`,
  leave: svg`<path d="M14 4H6v16h8M10 12h11M17.500 8.500 21 12l-3.500 3.500"/>`,
  send: svg`<path d="M4 12 3.500 4.500 21 12 3.500 19.500 4 12zm0 0h8"/>`,
  close: svg`<path d="M6 6l12 12M18 6 6 18"/>`,
  sun: svg`<circle cx="12" cy="12" r="4"/><path d="M12 2.500v2M12 19.500v2M2.500 12h2M19.500 12h2M5.300 5.300l1.400 1.400M17.300 17.300l1.400 1.400M18.700 5.300l-1.400 1.400M6.700 17.300l-1.400 1.400"/>`,
  moon: svg`<path d="M20 14.500A8.500 8.500 0 0 1 9.500 4 8.500 8.500 0 1 0 20 14.500z"/>`,
  down: svg`<path d="M12 5v14M6 13l6 6 6-6"/>`,
  tick: svg`<path d="m5 12.500 4.500 4.500L19 7.500"/>`,
  clock: svg`<circle cx="12" cy="12" r="8.500"/><path d="M12 7.500V12l3 2"/>`,
  alert: svg`<circle cx="12" cy="12" r="9"/><path d="M12 7.500v5.500M12 16.300v.2"/>`,
  globe: svg`<circle cx="12" cy="12" r="9"/><path d="M3 12h18M12 3c5 5.500 5 12.500 0 18M12 3c-5 5.500-5 12.500 0 18"/>`,
  lock: svg`<rect x="5" y="10.500" width="14" height="9.500" rx="2"/><path d="M8 10.500V8a4 4 0 0 1 8 0v2.500"/>`,
  eye: svg`<path d="M2.500 12S6 5.500 12 5.500 21.500 12 21.500 12 18 18.500 12 18.500 2.500 12 2.500 12z"/><circle cx="12" cy="12" r="3"/>`,
  file: svg`<path d="M6 3h8l5 5v13H6zM14 3v5h5"/>`,
} as const;

export type IconName = keyof typeof shapes;

/** A line drawing beside words or in a button that has a name; never the only bearer of a meaning. */
export const icon = (name: IconName, size = 20): TemplateResult => html`
  <svg
    width=${size}
    height=${size}
    viewBox="0 0 24 24"
    fill="none"
    stroke="currentColor"
    stroke-width="1.800"
    stroke-linecap="round"
    stroke-linejoin="round"
    aria-hidden="true"
  >
    ${shapes[name]}
  </svg>
`;

/** The islet. */
export const mark = (size = 40): TemplateResult => html`
  <svg width=${size} height=${size} viewBox="0 0 64 64" aria-hidden="true">
    <rect width="64" height="64" rx="15" fill="#0c5f69" />
    <circle cx="44.500" cy="18" r="5.500" fill="#ffd98a" />
    <path
      d="M9 39c5-2 7.500-6 11-11.500 2.500-4 6.500-5.500 10-3 2.500 1.800 3.600 4.800 6.500 5.600 3.200.9 5.500-.6 8.500 1.400 4 2.700 5.500 5.700 10 7.500z"
      fill="#f3f7f5"
    />
    <path d="M10 45h44M17 51h30M25 57h14" stroke="#f3f7f5" stroke-width="3" stroke-linecap="round" opacity=".55" />
  </svg>
`;
