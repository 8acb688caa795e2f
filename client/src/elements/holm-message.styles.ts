import { css } from 'lit';

export const messageStyles = css`
  :host {
    display: block;
    padding: 0.125rem 0;
  }
  :host([opens]) {
    padding-top: 0.625rem;
  }
  article {
    display: grid;
    grid-template-columns: 2.25rem minmax(0, 1fr);
    column-gap: var(--holm-2);
  }
  holm-avatar {
    --holm-avatar: 2.25rem;
    grid-row: span 3;
  }
  header {
    display: flex;
    gap: var(--holm-2);
    align-items: baseline;
    margin: 0 0 0.1875rem var(--holm-1);
    font-size: var(--holm-text-s);
    font-weight: 650;
  }
  .bubble,
  .foot,
  header {
    grid-column: 2;
  }
  .bubble {
    justify-self: start;
    display: flow-root;
    max-width: min(38rem, 100%);
    padding: 0.4375rem 0.75rem;
    border-radius: var(--holm-round-l);
    border-end-start-radius: 0.375rem;
    background: var(--holm-bubble);
    line-height: 1.45;
    overflow-wrap: anywhere;
  }
  :host(:not([opens])) .bubble {
    border-start-start-radius: 0.375rem;
  }
  .text {
    white-space: pre-wrap;
  }
  .bubble a {
    color: var(--holm-accent);
    text-underline-offset: 0.15em;
  }
  time {
    float: inline-end;
    margin: 0.375rem -0.125rem -0.125rem var(--holm-3);
    color: var(--holm-text-faint);
    font-size: 0.6875rem;
    line-height: 1.3;
    font-variant-numeric: tabular-nums;
  }
  .aside {
    display: inline-flex;
    align-items: center;
    gap: var(--holm-2);
    color: var(--holm-text-soft);
  }
  .removed,
  .encrypted {
    font-style: italic;
  }
  :host([own]) article {
    grid-template-columns: minmax(0, 1fr);
  }
  :host([own]) .bubble,
  :host([own]) .foot {
    grid-column: 1;
    justify-self: end;
  }
  :host([own]) .bubble {
    max-width: min(38rem, 86%);
    background: var(--holm-bubble-own);
    border-radius: var(--holm-round-l);
    border-end-end-radius: 0.375rem;
  }
  :host([own]:not([opens])) .bubble {
    border-start-end-radius: 0.375rem;
  }
  :host([own]) time {
    color: var(--holm-text-soft);
  }
  :host([delivery='sending']) .bubble {
    opacity: 0.65;
  }
  :host([delivery='failed']) .bubble {
    background: var(--holm-danger-soft);
  }
  .foot {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    justify-content: flex-end;
    gap: var(--holm-1) var(--holm-2);
    margin: 0.1875rem var(--holm-1) 0;
    color: var(--holm-text-faint);
    font-size: var(--holm-text-xs);
  }
  .foot.failed {
    color: var(--holm-danger);
  }
  .foot svg {
    vertical-align: -0.15em;
  }
  .foot .link {
    font-size: inherit;
    min-height: 1.5rem;
  }
`;
