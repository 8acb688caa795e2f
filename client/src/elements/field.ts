import { css, html, nothing, type TemplateResult } from 'lit';
import { live } from 'lit/directives/live.js';

export interface Field {
  readonly name: string;
  readonly label: string;
  readonly value?: string;
  readonly hint?: string | undefined;
  readonly type?: 'text' | 'password';
  readonly autocomplete?: string;
  readonly placeholder?: string;
  readonly isDisabled?: boolean;
  readonly isFirst?: boolean;
  readonly onInput?: (value: string) => void;
}

/** A labelled input. A template rather than an element, so that forms and password managers see a plain input. */
export const field = (of: Field): TemplateResult => html`
  <div class="field">
    <label for=${of.name}>${of.label}</label>
    <input
      id=${of.name}
      name=${of.name}
      type=${of.type ?? 'text'}
      .value=${of.value === undefined ? nothing : live(of.value)}
      placeholder=${of.placeholder ?? nothing}
      autocomplete=${of.autocomplete ?? 'off'}
      autocapitalize="none"
      spellcheck="false"
      aria-describedby=${of.hint === undefined ? nothing : `${of.name}-hint`}
      ?disabled=${of.isDisabled ?? false}
      ?autofocus=${of.isFirst ?? false}
      @input=${(event: InputEvent) => of.onInput?.((event.target as HTMLInputElement).value)}
    />
    ${of.hint === undefined ? nothing : html`<p class="hint" id=${`${of.name}-hint`}>${of.hint}</p>`}
  </div>
`;

/** What a submitted form holds, by the names of its fields. */
export const formValues = (event: SubmitEvent): Readonly<Record<string, string>> => {
  const data = new FormData(event.target as HTMLFormElement);
  return Object.fromEntries([...data].filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
};

export const fieldStyles = css`
  .field {
    display: grid;
    gap: var(--holm-1);
  }
  .field label {
    font-size: var(--holm-text-s);
    font-weight: 600;
  }
  .field input {
    width: 100%;
    min-height: 2.625rem;
    padding: 0 var(--holm-3);
    border: 1px solid var(--holm-line-strong);
    border-radius: var(--holm-round-s);
    background: var(--holm-surface);
    /* Below 16 px, phones zoom into the field. */
    font-size: 1rem;
  }
  .field input:focus-visible {
    border-color: var(--holm-accent);
    outline: 2px solid var(--holm-accent);
    outline-offset: -1px;
  }
  .field input::placeholder {
    color: var(--holm-text-faint);
  }
  .field .hint {
    color: var(--holm-text-faint);
    font-size: var(--holm-text-xs);
    overflow-wrap: anywhere;
  }
`;
