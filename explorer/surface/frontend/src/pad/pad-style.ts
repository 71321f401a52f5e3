/** What do the pad and the posterior beside it look like? Part of the surface's style sheet. */

export const EASEL_STYLE = `
.la-easel,.la-own{grid-column:1/-1;display:grid;gap:12px;min-width:0;margin-top:4px;padding-top:14px;border-top:1px solid var(--la-border)}
.la-easel[data-first]{order:-1;margin-top:0;padding-top:0;border-top:0;padding-bottom:6px}
.la-root:not([data-wide]) .la-own{order:3}.la-root:not([data-wide]) .la-easel:not([data-first]),.la-easel:not([data-first])~.la-own.la-own{order:4}
.la-easel-body{display:flex;flex-wrap:wrap;gap:18px 28px;align-items:flex-start}
.la-pad{width:224px;height:auto;display:block;border-radius:8px;background:#000;cursor:crosshair;touch-action:none;user-select:none;-webkit-user-select:none;box-shadow:0 0 0 1px var(--la-border)}
.la-pad[data-eraser]{cursor:cell}
.la-root .la-pad:focus-visible{outline:2px solid var(--la-accent-text);outline-offset:2px}
.la-easel-side{display:grid;gap:10px;align-content:start;flex:1 1 270px;min-width:0;max-width:440px}
.la-easel .la-button{display:inline-flex;align-items:center;gap:7px}
.la-root :is(.la-easel,.la-own) .la-button:not(.la-primary){background:transparent;color:var(--la-text);font-weight:500;box-shadow:inset 0 0 0 1px var(--la-border)}
.la-root :is(.la-easel,.la-own) .la-button:not(.la-primary):hover:not(:disabled){background:var(--la-soft)}
.la-root .la-easel .la-button:not(.la-primary)[aria-pressed=true]{background:var(--la-soft);color:var(--la-accent-text);box-shadow:inset 0 0 0 1.5px var(--la-accent-text)}
.la-easel .la-button:disabled{opacity:.45;cursor:default}
.la-easel-width .la-slider{width:110px}
.la-easel-made{display:grid;gap:10px;align-content:start}
.la-easel-figures{display:flex;gap:16px}
.la-root .la-own-figure{display:grid;gap:6px;margin:0;font-size:13px;color:var(--la-muted);min-width:0}
.la-easel .la-pixels,.la-own .la-pixels{border-radius:5px}
.la-easel-code{font-weight:600}
.la-easel-refusal{font-size:14px;font-weight:500;max-width:60ch}
.la-easel-camera{display:grid;gap:8px}.la-easel-camera video{width:100%;max-width:320px;border-radius:8px;background:#000}
.la-root .la-easel-switches{display:flex;flex-wrap:wrap;gap:6px 18px;margin:10px 0;padding:0;border:0;min-width:0}
.la-root .la-easel-steps{display:grid;grid-template-columns:repeat(auto-fill,minmax(150px,1fr));gap:16px 20px;margin:12px 0 0;padding:0;list-style:none}
.la-easel-steps li{display:grid;gap:4px;align-content:start}
.la-own-pictures{display:flex;flex-wrap:wrap;gap:14px}
.la-own .la-pin{justify-items:start;font-weight:400;color:var(--la-muted)}
.la-own .la-pin[aria-pressed=true]{color:var(--la-accent-text);font-weight:600}
.la-own .la-pin[aria-pressed=true] canvas{outline:2px solid var(--la-accent-text);outline-offset:2px}
.la-own-facts{display:flex;flex-wrap:wrap;gap:18px 48px;align-items:flex-start}
.la-own-numbers{display:grid;gap:8px}
.la-own-table{border-collapse:collapse;font-size:14px}
.la-own-table :is(th,td){padding:2px 0 2px 22px;text-align:right;font-weight:400;white-space:nowrap}
.la-own[data-point] .la-own-table :is(th,td):is(:nth-child(2),:nth-child(3),:nth-child(4)){display:none}
.la-own-table thead :is(th,td){color:var(--la-muted)}
.la-own-table :is(th[scope=row],td:first-child){padding-left:0;text-align:left;color:var(--la-muted)}
.la-own .la-details table{display:block;max-height:190px;overflow:auto}
.la-own-population{display:block;max-width:100%}
.la-root[data-narrow] .la-easel-side{order:1}
.la-root[data-narrow] :is(.la-easel,.la-own) .la-button{min-height:40px}
`;
