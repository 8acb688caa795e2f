import { css } from 'lit';

export const roomStyles = css`
  :host {
    display: grid;
    grid-template-columns: minmax(0, 1fr) auto;
    min-width: 0;
    min-height: 0;
    position: relative;
  }
  .talk {
    display: grid;
    grid-template-rows: auto minmax(0, 1fr) auto;
    min-width: 0;
    min-height: 0;
  }
  .head {
    display: flex;
    align-items: center;
    gap: var(--holm-1);
    min-height: 3.75rem;
    padding: 0 var(--holm-3) 0 var(--holm-4);
    border-bottom: 1px solid var(--holm-line);
  }
  .back {
    display: none;
    margin-inline-start: -0.5rem;
  }
  .head holm-avatar {
    --holm-avatar: 2.25rem;
    --holm-avatar-round: 0.6875rem;
    margin-inline-end: var(--holm-2);
  }
  .title {
    flex: 1;
    min-width: 0;
    line-height: 1.3;
  }
  h2,
  .topic {
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  h2 {
    font-size: 1rem;
    font-weight: 650;
  }
  .topic {
    color: var(--holm-text-soft);
    font-size: var(--holm-text-s);
  }
  .trouble {
    display: grid;
    justify-items: center;
    gap: var(--holm-2);
  }
  .foot {
    padding: 0 var(--holm-4) var(--holm-4);
    padding-bottom: max(var(--holm-4), env(safe-area-inset-bottom));
  }
  .read-only {
    padding: var(--holm-3);
    border-radius: var(--holm-round-m);
    background: var(--holm-ground);
    color: var(--holm-text-soft);
    text-align: center;
  }
  aside {
    display: grid;
    grid-template-rows: auto minmax(0, 1fr);
    width: 18rem;
    min-height: 0;
    border-inline-start: 1px solid var(--holm-line);
    background: var(--holm-surface);
  }
  aside .head {
    justify-content: space-between;
  }
  .people {
    overflow-y: auto;
    padding: var(--holm-3) var(--holm-4);
    scrollbar-width: thin;
  }
  .people .button {
    width: 100%;
    margin-bottom: var(--holm-3);
  }
  @media (max-width: 69.99rem) {
    aside {
      position: absolute;
      inset: 0 0 0 auto;
      z-index: 1;
      box-shadow: var(--holm-shadow);
    }
  }
  @media (max-width: 47.99rem) {
    aside {
      width: 100%;
      border: 0;
    }
    .back {
      display: inline-grid;
    }
    .head {
      padding: 0 var(--holm-2) 0 var(--holm-3);
    }
    .foot {
      padding-inline: var(--holm-2);
      padding-bottom: max(var(--holm-2), env(safe-area-inset-bottom));
    }
  }
`;
