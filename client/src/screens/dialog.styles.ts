import { css } from 'lit';

/** Forms in dialogs. */
export const dialogStyles = css`
  form {
    display: grid;
    gap: var(--holm-4);
  }
  fieldset {
    display: grid;
    gap: var(--holm-2);
    margin: 0;
    padding: 0;
    border: 0;
  }
  legend {
    margin-bottom: var(--holm-1);
    padding: 0;
    font-size: var(--holm-text-s);
    font-weight: 600;
  }
  .choice {
    display: grid;
    grid-template-columns: auto auto 1fr;
    gap: var(--holm-3);
    align-items: center;
    padding: var(--holm-2) var(--holm-3);
    border: 1px solid var(--holm-line);
    border-radius: var(--holm-round-m);
    cursor: pointer;
  }
  .choice:has(:checked) {
    border-color: var(--holm-accent);
    background: var(--holm-accent-soft);
  }
  .choice input {
    width: 1rem;
    height: 1rem;
    margin: 0;
    accent-color: var(--holm-accent);
  }
  .choice svg {
    color: var(--holm-text-soft);
  }
  .choice strong,
  .choice small {
    display: block;
    line-height: 1.35;
  }
  .choice strong {
    font-weight: 600;
  }
  .choice small {
    color: var(--holm-text-soft);
    font-size: var(--holm-text-xs);
  }
  .done {
    color: var(--holm-accent);
    font-size: var(--holm-text-s);
    overflow-wrap: anywhere;
  }
  .answers {
    display: flex;
    justify-content: flex-end;
    gap: var(--holm-2);
    margin-top: var(--holm-4);
  }
  .ask {
    color: var(--holm-text-soft);
  }
`;
