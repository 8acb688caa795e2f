import { html, type TemplateResult } from 'lit';

export interface TextSegment {
  readonly text: string;
  readonly href?: string;
}

/** Text with its links, as text: nothing that somebody wrote is ever read as markup. */
export const messageText = (segments: readonly TextSegment[]): readonly (TemplateResult | string)[] =>
  segments.map(({ text, href }) =>
    href === undefined
      ? text
      : html`<a href=${href} target="_blank" rel="noopener noreferrer" referrerpolicy="no-referrer">${text}</a>`,
  );
