import { css } from 'lit';

/** Buttons, inputs and focus rings, alike in every shadow root. */
export const controls = css`
  *,
  *::before,
  *::after {
    box-sizing: border-box;
  }
  [hidden] {
    display: none !important;
  }
  h1,
  h2,
  h3,
  p {
    margin: 0;
  }
  button,
  input,
  textarea {
    font: inherit;
    color: inherit;
    letter-spacing: inherit;
  }
  :focus {
    outline: none;
  }
  :focus-visible {
    outline: 2px solid var(--holm-accent);
    outline-offset: 2px;
  }
  .button {
    display: inline-flex;
    align-items: center;
    justify-content: center;
    gap: var(--holm-2);
    min-height: 2.5rem;
    padding: 0 var(--holm-4);
    border: 1px solid transparent;
    border-radius: var(--holm-round-s);
    background: var(--holm-accent);
    color: var(--holm-on-accent);
    font-weight: 600;
    text-decoration: none;
    cursor: pointer;
    transition: background var(--holm-quick);
  }
  .button:hover {
    background: var(--holm-accent-hover);
  }
  .button[disabled] {
    opacity: 0.6;
    cursor: default;
  }
  .button.quiet {
    background: transparent;
    border-color: var(--holm-line);
    color: var(--holm-text);
  }
  .button.quiet:hover {
    background: var(--holm-hover);
  }
  .button.danger {
    background: var(--holm-danger);
    color: var(--holm-on-danger);
  }
  .button.small {
    min-height: 2rem;
    padding: 0 var(--holm-3);
    font-size: var(--holm-text-s);
  }
  .icon-button {
    display: inline-grid;
    place-items: center;
    flex: none;
    width: 2.25rem;
    height: 2.25rem;
    padding: 0;
    border: 0;
    border-radius: var(--holm-round-s);
    background: transparent;
    color: var(--holm-text-soft);
    cursor: pointer;
    transition: background var(--holm-quick);
  }
  .icon-button:hover,
  .icon-button[aria-pressed='true'] {
    background: var(--holm-hover);
    color: var(--holm-text);
  }
  .link {
    padding: 0;
    border: 0;
    background: none;
    color: var(--holm-accent);
    font-weight: 600;
    text-decoration: none;
    cursor: pointer;
  }
  .link:hover {
    text-decoration: underline;
  }
  .problem {
    padding: var(--holm-2) var(--holm-3);
    border-radius: var(--holm-round-s);
    background: var(--holm-danger-soft);
    color: var(--holm-danger);
    font-size: var(--holm-text-s);
    overflow-wrap: anywhere;
  }
  .visually-hidden {
    position: absolute;
    width: 1px;
    height: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
`;
