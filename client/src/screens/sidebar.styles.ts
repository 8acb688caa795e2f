import { css } from 'lit';

export const sidebarStyles = css`
  :host {
    display: grid;
    grid-template-rows: auto auto minmax(0, 1fr) auto;
    background: var(--holm-ground);
  }
  header {
    display: flex;
    align-items: center;
    gap: var(--holm-1);
    padding: var(--holm-3) var(--holm-3) var(--holm-2) var(--holm-4);
  }
  h1 {
    display: flex;
    flex: 1;
    align-items: center;
    gap: var(--holm-2);
    font-size: 1.1875rem;
    font-weight: 750;
    letter-spacing: -0.015em;
  }
  .search {
    position: relative;
    margin: 0 var(--holm-3) var(--holm-2);
    color: var(--holm-text-faint);
  }
  .search svg {
    position: absolute;
    inset: 0 auto 0 0.625rem;
    margin: auto 0;
  }
  .search input {
    width: 100%;
    min-height: 2.25rem;
    padding: 0 var(--holm-3) 0 2.125rem;
    border: 1px solid transparent;
    border-radius: var(--holm-round-s);
    background: var(--holm-hover);
    color: var(--holm-text);
  }
  .search input::placeholder {
    color: var(--holm-text-faint);
    opacity: 1;
  }
  .search input:focus-visible {
    border-color: var(--holm-accent);
    background: var(--holm-surface);
    outline: 1px solid var(--holm-accent);
    outline-offset: 0;
  }
  @media (pointer: coarse) {
    .search input {
      min-height: 2.625rem;
      font-size: 1rem;
    }
  }
  nav {
    overflow-y: auto;
    padding: var(--holm-1) var(--holm-2) var(--holm-3);
    scrollbar-width: thin;
    scrollbar-color: var(--holm-line) transparent;
  }
  ul {
    display: grid;
    gap: 1px;
    margin: 0;
    padding: 0;
    list-style: none;
  }
  li {
    min-width: 0;
  }
  h2 {
    padding: var(--holm-2) var(--holm-3) var(--holm-1);
    color: var(--holm-text-soft);
    font-size: var(--holm-text-xs);
    font-weight: 650;
  }
  .none {
    padding: var(--holm-4) var(--holm-3);
    color: var(--holm-text-soft);
  }
  .narrow {
    display: none;
  }
  .begin {
    display: flex;
    flex-wrap: wrap;
    justify-content: center;
    gap: var(--holm-2);
  }
  @media (max-width: 47.99rem) {
    .wide {
      display: none;
    }
    .narrow {
      display: grid;
      min-height: 100%;
    }
  }
  .invitation {
    display: grid;
    grid-template-columns: auto minmax(0, 1fr);
    gap: 0 var(--holm-3);
    margin: 0 var(--holm-1) var(--holm-2);
    padding: var(--holm-3);
    border: 1px solid var(--holm-line);
    border-radius: var(--holm-round-m);
    background: var(--holm-surface);
  }
  .invitation holm-avatar {
    grid-row: span 2;
    --holm-avatar-round: 0.75rem;
  }
  .invitation .name {
    font-weight: 650;
  }
  .invitation .name,
  .invitation .by {
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .invitation .by {
    color: var(--holm-text-soft);
    font-size: var(--holm-text-s);
  }
  .invitation .answers,
  .invitation .problem {
    grid-column: 1 / -1;
    margin-top: var(--holm-2);
  }
  .answers {
    display: grid;
    grid-template-columns: 1fr 1fr;
    gap: var(--holm-2);
  }
  footer {
    display: flex;
    align-items: center;
    gap: var(--holm-2);
    padding: var(--holm-2) var(--holm-3);
    padding-bottom: max(var(--holm-2), env(safe-area-inset-bottom));
    border-top: 1px solid var(--holm-line);
  }
  footer holm-avatar {
    --holm-avatar: 2.125rem;
  }
  .me {
    flex: 1;
    min-width: 0;
    line-height: 1.25;
  }
  .me span {
    display: block;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .me .own-name {
    font-weight: 600;
  }
  .me .own-id {
    color: var(--holm-text-faint);
    font-size: var(--holm-text-xs);
  }
`;
